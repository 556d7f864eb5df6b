"""Retry policies of steps: after which failures a step is tried again, when, and how often.

Source: "Retry Policy for Pipeline Steps" of the developer guide, read 2026-11-28. Not documented, and so our choice: retries are counted
for each exception type; the first policy that names the type counts; the default policy has the defaults of a policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SERVICE_FAULT, THROTTLING = "Step.SERVICE_FAULT", "Step.THROTTLING"
JOB_INTERNAL_ERROR, CAPACITY_ERROR = "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"
RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"
EXCEPTIONS = (SERVICE_FAULT, THROTTLING, JOB_INTERNAL_ERROR, CAPACITY_ERROR, RESOURCE_LIMIT)
# Member -> default, least and greatest value.
_RANGES: dict[str, tuple[float | None, float, float]] = {
    "IntervalSeconds": (1, 1, 43_200),
    "BackoffRate": (2.0, 0, float("inf")),
    "MaxAttempts": (5, 0, 20),
    "ExpireAfterMin": (None, 0, 14_400),
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """One retry policy.

    Attributes
    ----------
    exceptions : tuple of str
        The exception types that it retries.
    interval : float
        Seconds before the first retry.
    rate : float
        By what each later delay is multiplied.
    attempts : int or None
        The greatest number of retries.
    minutes : int or None
        For how long after the start of the step it retries.
    """

    exceptions: tuple[str, ...]
    interval: float = 1
    rate: float = 2.0
    attempts: int | None = 5
    minutes: int | None = None

    def next_attempt(self, retries: int, started: float, now: float) -> float | None:
        """When to try again, in Unix seconds; None for no more retries.

        Parameters
        ----------
        retries : int
            How many retries there were already.
        started, now : float
            When the step started, and when it failed, in Unix seconds.
        """
        moment = now + self.interval * self.rate**retries
        if self.minutes is not None:
            return moment if now < started + 60 * self.minutes else None
        return moment if retries < (self.attempts or 0) else None


BY_DEFAULT = RetryPolicy((SERVICE_FAULT, THROTTLING))


def policy_for(exception: str, document: dict) -> RetryPolicy | None:
    """The policy of a step for an exception type; None if the step does not retry it. ``document`` is the step in the definition."""
    return next((policy for policy in (*policies(document), BY_DEFAULT) if exception in policy.exceptions), None)


def policies(document: dict) -> list[RetryPolicy]:
    """The retry policies of a step in a definition. Raises ValueError for one that is not valid; its text says why."""
    listed = document.get("RetryPolicies") or []
    if not isinstance(listed, list):
        raise ValueError("RetryPolicies must be a list")
    return [_policy(entry) for entry in listed]


def _policy(entry: object) -> RetryPolicy:
    if not isinstance(entry, dict):
        raise ValueError("a retry policy must be an object")
    if unknown := sorted(set(entry) - {"ExceptionType", *_RANGES}):
        raise ValueError(f"a retry policy has no member '{unknown[0]}'")
    given = entry.get("ExceptionType")
    exceptions = tuple(given) if isinstance(given, list) else (given,)  # the JSON schema has one string, the SDKs write a list
    if not exceptions or not all(exception in EXCEPTIONS for exception in exceptions):
        raise ValueError(f"ExceptionType of a retry policy needs one of {', '.join(EXCEPTIONS)}; got {given!r}")
    if "MaxAttempts" in entry and "ExpireAfterMin" in entry:
        raise ValueError("a retry policy has either MaxAttempts or ExpireAfterMin")
    values = dict(_numbers(entry))
    attempts = None if "ExpireAfterMin" in entry else values["MaxAttempts"]
    return RetryPolicy(exceptions, values["IntervalSeconds"], values["BackoffRate"], attempts, values["ExpireAfterMin"])


def _numbers(entry: dict) -> Iterator[tuple[str, object]]:
    for member, (default, least, greatest) in _RANGES.items():
        value = entry.get(member, default)
        whole = member != "BackoffRate"
        if value is not None and (isinstance(value, bool) or not isinstance(value, int if whole else (int, float))):
            raise ValueError(f"{member} of a retry policy must be {'an integer' if whole else 'a number'}; got {value!r}")
        if value is not None and not least <= value <= greatest:
            raise ValueError(f"{member} of a retry policy must be from {least} to {greatest}; got {value!r}")
        yield member, value
