"""The checks of the managed rules, one module for each service. Each yields a `Finding` for each resource of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COMPLIANT, NON_COMPLIANT = "COMPLIANT", "NON_COMPLIANT"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found about a resource.

    Attributes
    ----------
    type, id : str
        The resource, e.g. ``"AWS::S3::Bucket"`` and its name.
    compliance : str
        `COMPLIANT` or `NON_COMPLIANT`.
    annotation : str
        Why it is not compliant; empty for none.
    """

    type: str
    id: str
    compliance: str
    annotation: str = ""


def finding(kind: str, id: str, problem: str) -> Finding:
    """A finding that is compliant when there is no problem."""
    return Finding(kind, id, NON_COMPLIANT if problem else COMPLIANT, problem)


def listed(parameters: Mapping[str, str], name: str) -> list[str]:
    """The values of a parameter that has a comma-separated list; empty when it is not given."""
    return [value.strip() for value in parameters.get(name, "").split(",") if value.strip()]
