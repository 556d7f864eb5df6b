"""Checks SageMaker's service quotas of a new account, with AWS's error text. The quotas are data: `quotas.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError

Instances = Iterable[tuple[str, int]]


def check(name: str, requested: float, used: float = 0) -> None:
    """Refuse a request that exceeds a quota of ``quotas.yaml``.

    Parameters
    ----------
    name : str
        AWS's name of the quota, e.g. ``"Longest run time for a training job"``.
    requested, used : float
        In the quota's unit.

    Raises
    ------
    AwsError
        ``ResourceLimitExceeded``
    """
    quota = _data()["quotas"][name]
    _check(name, quota["value"], quota["unit"], requested, used)


def value(name: str) -> float:
    """A quota of ``quotas.yaml``, in its unit."""
    return _data()["quotas"][name]["value"]


def check_instances(usage: str, requested: Instances, held: Instances) -> None:
    """Refuse instances that exceed the quota of their type, or that of all types together.

    Parameters
    ----------
    usage : str
        What the instances are for, e.g. ``"training job usage"``.
    requested, held : pairs of instance type and count

    Raises
    ------
    AwsError
        ``ResourceLimitExceeded``, worded as in https://github.com/data-science-on-aws/data-science-on-aws/issues/200
    """
    wanted, used = _counted(requested), _counted(held)
    total = _data()["usages"][usage]
    for kind, count in wanted.items():
        # The family of "ml.p3.2xlarge" is "p3".
        accelerated = kind.split(".")[1] in _data()["accelerated"]
        of_type = 0 if accelerated else _data()["quotas"][total]["value"]
        _check(f"{kind} for {usage}", of_type, "Instances", count, used[kind])
    check(total, wanted.total(), used.total())


def _check(name: str, value: float, unit: str, requested: float, used: float) -> None:
    if used + requested > value:
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{name}' is {value} {unit}, with current utilization of {used} {unit} and a request delta of"
            f" {requested} {unit}. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not"
            " available, contact AWS support to request an increase for this quota.",
        )


def _counted(instances: Instances) -> Counter[str]:
    counts: Counter[str] = Counter()
    for kind, count in instances:
        counts[kind] += count
    return counts


def _data() -> dict:
    return table(Path(__file__).with_name("quotas.yaml"))
