# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m03_2."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import rule_share

from .m03_2 import ex1, ex2, ex3, ex4, verdict
from .m03_2_cases import Ask, Event, flights, histories, schema, stored_events
from .m03_2_job import NEW_YORK, judge_module
from .m03_2_service import deployed, drawn_service, judge_skewed
from .m03_2_store import judge_as_of

FLIGHTS = 24


def as_of(events: Sequence[Event], ask: Ask) -> tuple | None:
    """The values that were valid at the asked time. Of two events of one time the later in ``events`` counts."""
    known = [event for event in events if event.identifier == ask.identifier and event.time <= ask.time]
    return max(reversed(known), key=lambda event: event.time).values if known else None


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    events, asks = stored_events(answer.rng)
    judge_as_of(answer, report, schema(answer.rng), events, [(ask, as_of(events, ask)) for ask in asks])


def right_verdict(versions: pd.DataFrame, time: int) -> str:
    order = ["event_time", "api_invocation_time"]
    known = versions[versions.event_time <= time].sort_values(order)
    if known.empty or known.is_deleted.iloc[-1]:
        return "empty"
    valid = known.iloc[-1]
    if (versions[versions.is_deleted].event_time > valid.event_time).any():
        return "deleted"
    return "late" if valid.api_invocation_time > time else "same"


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    drawn = histories(answer.rng)
    given = []
    for _, versions, time in drawn:
        got = verdict(answer, report, versions, time, "unseen")
        if got is None:
            return
        given.append(got)
    wanted = [right_verdict(versions, time) for _, versions, time in drawn]
    missed = {kind for (kind, _, _), got, want in zip(drawn, given, wanted, strict=True) if got != want}
    right = sum(got == want for got, want in zip(given, wanted, strict=True))
    share = rule_share(given, [{want} for want in wanted])
    report.part("unseen", share, f"{right} of {len(drawn)} unseen histories have the right word. {_why(missed, given)}")


ASKED = (  # kinds of history, and the question when one of them is missed
    ({"deleted", "deleted_again", "deleted_then_back"}, "What does a deletion after the asked time do to the builder's rows?"),
    ({"gone", "gone_late", "not_yet"}, "What is valid when the last thing known is a deletion, or nothing is known yet?"),
    ({"rewritten"}, "Records were deleted and written again: which deletion still hides something, and which of its times counts?"),
    ({"border"}, "Does your rule include the asked time itself?"),
    ({"corrected_late", "corrected"}, "Two versions have the same event time: which of them do both find?"),
    ({"late_but_older"}, "A version that arrived late is not always the one that is found."),
    ({"late"}, "When had the version that both find arrived?"),
    ({"deleted_late"}, "The table's first row that holds decides: has the builder a row at all?"),
)


def _why(missed: set[str], given: list[str]) -> str:
    if missed and len(set(given)) == 1:
        return f"Every history got {given[0]!r}: which columns does your rule read?"
    return " ".join([why for kinds, why in ASKED if kinds & missed][:2])


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    drawn, model = drawn_service(answer.rng)
    report.doing("deploys a service with skewed features, and asks your function about it")
    with deployed(answer, model) as endpoint:
        judge_skewed(answer, report, drawn, endpoint)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    departures = flights(answer.rng, FLIGHTS)
    miles = [answer.rng.randint(80, 4_900) for _ in departures]
    local = [departs.astimezone(NEW_YORK) for departs in departures]
    judge_module(answer, report, departures, miles, [(moment.hour * 60 + moment.minute, moment.weekday()) for moment in local])
