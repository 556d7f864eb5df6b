"""The services of the local AWS and their stages, read from `services.yaml`. Importing this module imports the services' modules."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages

STAGES = "LOCALAWS_STAGES"  # in the environment, as JSON: {"s3": ["authorization", "audit"]}


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One line of `services.yaml`.

    Attributes
    ----------
    create : callable
        Platform and stages -> service.
    models : tuple of str
        The botocore models that a process reads before it forks.
    stages : Stages
    """

    create: Callable[[Platform, Stages], Service]
    models: tuple[str, ...]
    stages: Stages


def _entry(line: dict) -> ServiceEntry:
    module = import_module(f"course.localaws.{line['module']}")
    return ServiceEntry(module.create_service, tuple(line.get("models", ())), Stages(**dict.fromkeys(line["stages"], True)))


def switched() -> dict[str, Stages]:
    """Signing name -> stages that the environment sets instead of those in `services.yaml`, e.g. for tests of the stages."""
    return {name: Stages(**dict.fromkeys(names, True)) for name, names in json.loads(os.environ.get(STAGES, "{}")).items()}


SERVICES = {name: _entry(line) for name, line in table(Path(__file__).with_suffix(".yaml")).items()}
"""Signing name -> entry, in the order in which they stop."""
