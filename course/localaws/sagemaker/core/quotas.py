"""Checks SageMaker's service quotas, with AWS's error text.

The quotas of a new account are data: `quotas.yaml`. Service Quotas lists those whose code is known, and may have granted an increase, which
counts here (`course.localaws.servicequotas`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.servicequotas.quotas import Quota

SERVICE = "sagemaker"
Instances = Iterable[tuple[str, int]]


def check(context: Context, name: str, requested: float, used: float = 0) -> None:
    """Refuse a request that exceeds a quota of ``quotas.yaml``.

    Parameters
    ----------
    context : Context
        Quotas are those of its region.
    name : str
        AWS's name of the quota, e.g. ``"Longest run time for a training job"``.
    requested, used : float
        In the quota's unit.

    Raises
    ------
    AwsError
        ``ResourceLimitExceeded``
    """
    _check(context, named(name), requested, used)


def value(context: Context, name: str) -> float:
    """The applied value of a quota of ``quotas.yaml``, in its unit."""
    return _applied(context, named(name))


def check_instances(context: Context, usage: str, requested: Instances, held: Instances) -> None:
    """Refuse instances that exceed the quota of their type, or that of all types together.

    Parameters
    ----------
    context : Context
    usage : str
        What the instances are for, e.g. ``"training job usage"``.
    requested, held : pairs of instance type and count

    Raises
    ------
    AwsError
        ``ResourceLimitExceeded``, worded as in https://github.com/data-science-on-aws/data-science-on-aws/issues/200
    """
    wanted, used = counted(requested), counted(held)
    for kind, count in wanted.items():
        _check(context, of_type(kind, usage), count, used[kind])
    _check(context, of_usage(usage), wanted.total(), used.total())


def named(name: str) -> Quota:
    """A quota of ``quotas.yaml``."""
    return Quota(name=name, **_data()["quotas"][name])


def of_usage(usage: str) -> Quota:
    """The quota of all instances of a usage together."""
    return named(_data()["usages"][usage])


def of_type(kind: str, usage: str) -> Quota:
    """The quota of one instance type, e.g. ``"ml.m5.large"``, for a usage."""
    _, family, size = kind.split(".", 2)
    code = _data()["codes"][usage].get(family, {}).get(size, "")
    value = 0 if family in _data()["accelerated"] else of_usage(usage).value
    return Quota(name=f"{kind} for {usage}", value=value, unit="Instances", code=code)


@cache
def listed() -> dict[str, Quota]:
    """The quotas whose codes are known, by code."""
    found = [*map(named, _data()["quotas"]), *_types()]
    return {quota.code: quota for quota in sorted(found, key=lambda quota: quota.code) if quota.code}


@cache
def measured() -> list[str]:
    """The codes of the quotas of instances in use."""
    return [quota.code for quota in (*map(of_usage, _data()["usages"]), *_types())]


def _types() -> Iterator[Quota]:
    """The quotas of single types whose codes are known."""
    for usage, families in _data()["codes"].items():
        yield from (of_type(f"ml.{family}.{size}", usage) for family, codes in families.items() for size in codes)


def counted(instances: Instances) -> Counter[str]:
    """Instance type -> number."""
    counts: Counter[str] = Counter()
    for kind, count in instances:
        counts[kind] += count
    return counts


def _check(context: Context, quota: Quota, requested: float, used: float) -> None:
    applied, unit = _applied(context, quota), quota.unit
    if used + requested > applied:
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{quota.name}' is {applied} {unit}, with current utilization of {used} {unit} and a request"
            f" delta of {requested} {unit}. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is"
            " not available, contact AWS support to request an increase for this quota.",
        )


def _applied(context: Context, quota: Quota) -> float:
    found = context.platform.service_quotas.value(context.region, SERVICE, quota)
    return int(found) if found == int(found) else found


def _data() -> dict:
    return table(Path(__file__).with_name("quotas.yaml"))
