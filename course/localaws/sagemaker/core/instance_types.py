"""What SageMaker's instance types have, and where they are offered. The figures are data: `instance_types.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table

TYPES = Path(__file__).with_suffix(".yaml")
# A learner's machine is smaller than an instance: models get a 16th of the instance's memory here.
SHARE = 16


@dataclass(frozen=True, slots=True)
class InstanceType:
    """An instance type of the table.

    Attributes
    ----------
    family : str
        ``"m5"``.
    purpose : str
        What its family is for, in our words.
    vcpus : int
    gib : float
        Memory in GiB.
    accelerators : int
        GPUs or other accelerators.
    accelerator : str
        Their name, ``"NVIDIA T4"``; empty without one.
    network : str
        In EC2's words, ``"Up to 10 Gigabit"``; empty if not known.
    offered : tuple of str
        Of ``training``, ``processing``, ``hosting``, ``transform`` and ``notebook``.
    """

    family: str
    purpose: str
    vcpus: int
    gib: float
    accelerators: int
    accelerator: str
    network: str
    offered: tuple[str, ...]


@cache
def known(instance_type: str) -> InstanceType | None:
    """The entry of ``ml.<family>.<size>``; None if the table has none."""
    _, family, size = instance_type.split(".", 2)
    found = table(TYPES)["families"].get(family, {})
    if size not in found.get("sizes", {}):
        return None
    each, accelerator = found["sizes"][size], found.get("accelerator", {}).get("name", "")
    counts = (each["vcpus"], each["gib"], each.get("accelerators", 0))
    return InstanceType(family, found["purpose"], *counts, accelerator, each.get("network", ""), tuple(each["offered"]))


@cache
def memory(instance_type: str) -> int:
    """Bytes of memory of ``ml.<family>.<size>``. That of an unknown size is proportional to its family; an unknown family counts as m5."""
    found = known(instance_type)
    return int((found.gib if found else _scaled(instance_type, "gib")) * (1 << 30))


def model_memory(instance_type: str) -> int:
    """Bytes that the models of a multi-model container may use on an instance here."""
    return memory(instance_type) // SHARE


@cache
def vcpus(instance_type: str) -> int:
    """vCPUs of ``ml.<family>.<size>``; of an unknown type as in `memory`."""
    found = known(instance_type)
    return found.vcpus if found else max(1, int(_scaled(instance_type, "vcpus")))


@cache
def accelerators(instance_type: str) -> int:
    """GPUs or other accelerators of ``ml.<family>.<size>``; of an unknown type as in `memory`."""
    found = known(instance_type)
    return found.accelerators if found else int(_scaled(instance_type, "accelerators"))


def _scaled(instance_type: str, figure: str) -> float:
    """A figure of a type that the table does not have, from the largest size that it has."""
    families, larges = table(TYPES)["families"], table(TYPES)["larges"]
    _, family, size = instance_type.split(".", 2)
    largest, each = [*families.get(family, families["m5"])["sizes"].items()][-1]
    return each.get(figure, 0) * larges.get(size, 1) / larges[largest]
