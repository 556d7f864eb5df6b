"""No check is skipped for ever: a skip gives its reason and, as `until 2027-05-24`, the day on which somebody looks at it again."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import date

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says nothing here: machines are shared, and the first text that is drawn in a fresh clone takes two seconds,
# in which Hypothesis makes its table of characters. Speed is measured in benchmarks/. `make test` draws fewer examples than `make nightly`.
settings.register_profile("night", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("day", settings.get_profile("night"), max_examples=30)

UNTIL = re.compile(r"\buntil (\d{4}-\d\d-\d\d)\b")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("day" if config.getoption("markexpr") == "not nightly" else "night")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and (complaint := _complaint(report.longrepr[2])):
        report.outcome, report.longrepr = "failed", complaint
    return report


def _complaint(reason: str) -> str:
    """What is wrong with the reason of a skip; empty when it may stand."""
    found = UNTIL.search(reason)
    if found is None:
        return f"{reason!r} does not say until when this check may be skipped; write `until YYYY-MM-DD` into it."
    if date.fromisoformat(found[1]) < date.today():
        return f"{reason!r}: that day is over. See whether the check can run now; if not, say why and until when."
    return ""
