"""A feature group with known events, for m03_2_ex1, and the comparison of what a learner's `as_of` finds in it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from course.grading import Answer, Report

from .m03_1_groups import ONLINE, Store
from .m03_2_cases import Ask, Event, Schema, value

NEAR = 1e-6
A_SECOND = 1.05
PART_OF = {"twice": "twice", "deleted": "deleted", "kept": "deleted", "again": "deleted"}  # kind of ask -> part; else "versions"
WHY = {  # the first kind that is wrong is the one that is shown
    "late": "an older event arrived last: does your order follow the event time, or the arrival?",
    "gap": "the newest version has a gap there: a record replaces the one before it as a whole.",
    "before": "nothing was known then: the row stays, without values.",
    "border": "a version whose event time is exactly the asked time is known.",
    "plain": "which versions are not after the asked time, and which of them is the newest?",
    "unknown": "the group does not have this identifier: the row stays, without values.",
    "twice": "two records have this event time: which one was requested last?",
    "deleted": "the record was deleted by then: the row stays, without values.",
    "kept": "the record was deleted later: what was valid at the asked time?",
    "again": "the record was deleted, and written again before the asked time.",
}


@contextlib.contextmanager
def stored(answer: Answer, schema: Schema, events: Sequence[Event]) -> Iterator[str]:
    """The name of a feature group whose offline store has these events. It is deleted afterwards."""
    name, store = f"checks-m03-2-{answer.token()}", Store(answer)
    request = {"RecordIdentifierFeatureName": schema.identifier, "EventTimeFeatureName": schema.event_time}
    request["FeatureDefinitions"] = [{"FeatureName": feature, "FeatureType": kind} for feature, kind in schema.types.items()]
    with store.bucket(name) as offline, store.groups({name: request | ONLINE | offline}):
        _write_all(store, name, schema, events)
        store.rows_when(name, f"s3://{name}/athena", lambda rows: len(rows) >= len(events))
        yield name


def _write_all(store: Store, group: str, schema: Schema, events: Sequence[Event]) -> None:
    """Write the events. ``api_invocation_time`` has whole seconds, so those that are late, or come twice, wait for the next second."""
    newest: dict[str, str] = {}
    for event in events:
        if event.time <= newest.get(event.identifier, ""):
            time.sleep(A_SECOND)
            newest.clear()
        newest[event.identifier] = event.time
        _write(store, group, schema, event)


def _write(store: Store, group: str, schema: Schema, event: Event) -> None:
    if event.values is None:
        store.records.delete_record(FeatureGroupName=group, RecordIdentifierValueAsString=event.identifier, EventTime=event.time)
        return
    record = {schema.identifier: event.identifier, schema.event_time: event.time}
    store.put(group, record | {name: cell for name, cell in zip(schema.features, event.values, strict=True) if cell is not None})


def judge_as_of(answer: Answer, report: Report, schema: Schema, events: Sequence[Event], asks: Sequence[tuple[Ask, tuple | None]]) -> None:
    """Write the events into a new group, ask the learner's function, and report all parts.

    Parameters
    ----------
    answer : Answer
    report : Report
    schema : Schema
    events : sequence of Event
        In the order of their arrival.
    asks : sequence of (Ask, tuple or None)
        The questions, and the values of the schema's features that are right; None where there are none.
    """
    report.doing("makes a feature group, waits for its offline store, and asks your function")
    with stored(answer, schema, events) as group:
        got = answer.call("as_of", group, [ask.identifier for ask, _ in asks], [ask.time for ask, _ in asks])
    if _shape(report, got, schema, [ask for ask, _ in asks]):
        _values(report, got, schema, asks)


def _shape(report: Report, got: pd.DataFrame, schema: Schema, asks: list[Ask]) -> bool:
    called = f"`as_of(...)` for {len(asks)} asks"
    if missing := [name for name in ("id", "time", *schema.features) if name not in got.columns]:
        return report.part("rows", False, f"{called} returned the columns {list(got.columns)}; missing is {missing[0]!r}.")
    if len(got) != len(asks):
        unknown = "asks that find nothing keep their row" if len(got) < len(asks) else "each ask has one answer"
        return report.part("rows", False, f"{called} returned {len(got)} rows; {unknown}, also when an ask comes twice.")
    if list(zip(got.id, got.time, strict=True)) != [(ask.identifier, ask.time) for ask in asks]:
        return report.part("rows", False, f"{called} returned a row for each, but not in the order of the asks.")
    return report.part("rows", True, f"{called} returned a row for each, in their order.")


def _values(report: Report, got: pd.DataFrame, schema: Schema, asks: Sequence[tuple[Ask, tuple | None]]) -> None:
    wrong: dict[str, list[tuple[int, str]]] = {"versions": [], "twice": [], "deleted": []}
    asked = dict.fromkeys(wrong, 0)
    rows = got[list(schema.features)].itertuples(index=False, name=None)
    for (ask, wanted), row in zip(asks, rows, strict=True):
        part = PART_OF.get(ask.kind, "versions")
        asked[part] += 1
        cells = tuple(map(value, row))
        if not all(map(_same, cells, wanted or (None,) * len(cells))):
            shown = "no values" if set(cells) == {None} else f"{dict(zip(schema.features, cells, strict=True))}"
            why = "the numbers are text." if _as_text(cells, wanted) else WHY[ask.kind]
            said = f"For {ask.identifier!r} at {ask.time} it returned {shown}: {why}"
            wrong[part].append((list(WHY).index(ask.kind), said))
    for part, whys in wrong.items():
        right = asked[part] - len(whys)
        share = max(0.0, 1 - 2 * len(whys) / asked[part])  # an answer that is always the same is right about half of the time
        report.part(part, share, f"{right} of {asked[part]} asks have the right version. {min(whys)[1] if whys else ''}")


def _same(got: Any, wanted: Any) -> bool:
    if got is None or wanted is None or isinstance(wanted, str):
        return got == wanted
    return isinstance(got, (int, float)) and abs(got - wanted) < NEAR


def _as_text(cells: tuple, wanted: tuple | None) -> bool:
    """Whether the values are right, but their numbers are text."""
    return wanted is not None and [str(cell) for cell in cells] == [str(each) for each in wanted]
