"""Memory, vCPUs and accelerators of SageMaker's instance types. The figures are data: `instance_types.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table

HERE = Path(__file__).parent
# A learner's machine is smaller than an instance: models get a 16th of the instance's memory here.
SHARE = 16


@cache
def memory(instance_type: str) -> int:
    """Bytes of memory of ``ml.<family>.<size>``. An unknown family counts as m5."""
    known = table(HERE / "instance_types.yaml")
    _, family, size = instance_type.split(".", 2)
    large = known["gib_of_large"].get(family, known["gib_of_large"]["m5"])
    return int(known["gib"].get(f"{family}.{size}", large * known["larges"].get(size, 1)) * (1 << 30))


def model_memory(instance_type: str) -> int:
    """Bytes that the models of a multi-model container may use on an instance here."""
    return memory(instance_type) // SHARE


@cache
def vcpus(instance_type: str) -> int:
    """vCPUs of ``ml.<family>.<size>``."""
    known = table(HERE / "instance_types.yaml")
    _, family, size = instance_type.split(".", 2)
    return known["vcpus"].get(f"{family}.{size}") or max(1, int(2 * known["larges"].get(size, 1)))


@cache
def accelerators(instance_type: str) -> int:
    """GPUs or other accelerators of ``ml.<family>.<size>``."""
    _, family, size = instance_type.split(".", 2)
    return table(HERE / "instance_types.yaml")["accelerators"].get(family, {}).get(size, 0)
