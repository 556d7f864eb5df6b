"""The settings of one analysis: the environment of the container.

Source: "Container Contract Inputs" of the SageMaker developer guide, and the variables that the SDK's ``DefaultModelMonitor`` and
``ModelQualityMonitor`` set (sagemaker 3.27). Read 2026-11-28.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class SettingError(Exception):
    """A variable of the environment that the analyzer cannot use."""


@dataclass(frozen=True)
class Settings:
    """The settings of one analysis.

    Attributes
    ----------
    source, output : Path
        Folders of the dataset and of the reports.
    dataset_format : dict
        One member: ``csv``, ``json``, ``parquet`` or ``sagemakerCaptureJson``, and its options.
    baseline_constraints, baseline_statistics : Path or None
        Files of the baseline. A run without constraints makes a baseline.
    preprocessor, postprocessor : Path or None
        Scripts.
    start, end : datetime or None
        The window of the captured data.
    variables : dict
        All variables, for what else an analysis needs.
    """

    source: Path
    output: Path
    dataset_format: dict[str, dict[str, Any]]
    baseline_constraints: Path | None
    baseline_statistics: Path | None
    preprocessor: Path | None
    postprocessor: Path | None
    start: datetime | None
    end: datetime | None
    variables: Mapping[str, str]

    @property
    def excluded(self) -> list[str]:
        """The columns that are not analyzed: names or numbers. AWS does not document how ``ExcludeFeaturesAttribute`` separates them."""
        return [name.strip() for name in self.variables.get("exclude_features_attribute", "").split(",") if name.strip()]

    @classmethod
    def of(cls, variables: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment. Raises `SettingError`."""
        return cls(
            _path(variables, "dataset_source", required=True),
            _path(variables, "output_path", required=True),
            _format(variables),
            _path(variables, "baseline_constraints"),
            _path(variables, "baseline_statistics"),
            _path(variables, "record_preprocessor_script"),
            _path(variables, "post_analytics_processor_script"),
            _time(variables, "start_time"),
            _time(variables, "end_time"),
            variables,
        )


def _path(variables: Mapping[str, str], name: str, required: bool = False) -> Path | None:
    if required and not variables.get(name):
        raise SettingError(f"the environment variable {name} is missing")
    return Path(variables[name]) if variables.get(name) else None


def _format(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    text = variables.get("dataset_format", "")
    try:
        content = json.loads(text)
        [(name, options)] = content.items()
    except (ValueError, AttributeError):
        raise SettingError(f"the environment variable dataset_format must be a JSON object with one member, not {text!r}") from None
    return {name[:1].lower() + name[1:]: {key[:1].lower() + key[1:]: value for key, value in (options or {}).items()}}


def _time(variables: Mapping[str, str], name: str) -> datetime | None:
    text = variables.get(name, "").replace(" ", "")  # the guide's example has a blank in it
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        raise SettingError(f"the environment variable {name} is no time: {text!r}") from None
