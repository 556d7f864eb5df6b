"""Judges a replay after an outage by what the two stores then say."""

from __future__ import annotations

from collections import Counter

from course.grading import Answer, Report

from .m03_1_cases import newest_events
from .m03_1_groups import ONLINE, STATE, Store

MARKS = ("before", "after")  # identifiers of the check's own records: when one is offline, all records written before it are


def judge_replay(answer: Answer, report: Report, case: dict) -> None:
    """Make the group as the outage left it, let the learner's function replay the journal, and report every part."""
    name = f"checks-m03-1-state-{answer.token()}"
    place = f"s3://{name}/athena"
    store = Store(answer)
    with store.bucket(name) as stored, store.groups({name: STATE | ONLINE | stored}):
        _write_reached(store, name, case)
        _mark(store, name, place, MARKS[0])
        returned = answer.call("replay", name, case["journal"])
        found = [row for row in _mark(store, name, place, MARKS[1]) if row["origin"] not in MARKS]
        _check_online(store, report, name, case)
        _check_offline(report, found, case)
    missing = sum("OfflineStore" not in stores for stores in case["reached"])
    said = f"`replay(...)` returned {returned!r}; expected the number of events that were missing offline, each counted once."
    report.part("count", returned == missing, said)


def _write_reached(store: Store, name: str, case: dict) -> None:
    for event, stores in zip(case["events"], case["reached"], strict=True):
        if not stores:
            continue
        if event["values"] is None:
            named = {"FeatureGroupName": name, "RecordIdentifierValueAsString": event["id"]}
            store.records.delete_record(**named, EventTime=event["time"], TargetStores=list(stores))
        else:
            store.put(name, {"origin": event["id"], "event_time": event["time"], **event["values"]}, *stores)


def _mark(store: Store, name: str, place: str, mark: str) -> list[dict]:
    """The rows of the offline store, once it has everything that was written until now."""
    store.put(name, {"origin": mark, "event_time": "2014-01-01T00:00:00Z"}, "OfflineStore")
    return store.rows_when(name, place, lambda rows: any(row["origin"] == mark for row in rows))


def _check_online(store: Store, report: Report, name: str, case: dict) -> None:
    for airport, event in newest_events(case["events"]).items():
        record = store.get(name, airport)
        if event["values"] is None:
            said = (
                f"The newest event of an airport is its deletion, and `get_record` returned {record}: how did a record come back, or stay?"
            )
            report.part("deleted", not record, said)
            continue
        newest = record.get("event_time") == event["time"]
        said = f"`get_record` of an airport has the event time {record.get('event_time')!r}; the journal has a newer event."
        if newest:
            said = f"`get_record` of an airport returned {record}, the newest event; but that event has other values."
        report.part("online", newest and _has_values(record, event), said)


def _check_offline(report: Report, found: list[dict], case: dict) -> None:
    deleted = {(event["id"], event["time"]): event["values"] is None for event in case["events"]}
    counts = Counter((row["origin"], row["event_time"]) for row in found)
    kinds = {(row["origin"], row["event_time"]): row["is_deleted"] == "true" for row in found}
    lost, twice = sum(key not in counts for key in deleted), sum(count > 1 for count in counts.values())
    foreign = sum(key not in deleted for key in counts)
    records = {(event["id"], event["time"]): event for event in case["events"] if event["values"] is not None}
    changed = sum(not _has_values(row, records[key]) for row in found if (key := (row["origin"], row["event_time"])) in records)
    said = f"Of {len(deleted)} events, {lost} are missing in the offline table and {twice} are there more than once"
    said += f"; {foreign} rows are of no event" if foreign else ""
    said += f"; {changed} rows do not have the values of their event." if changed else "."
    report.part("offline", not lost and not twice and not foreign and not changed, said)
    wrong = sum(kinds.get(key, False) != is_deletion for key, is_deletion in deleted.items() if key in counts)
    gone = sum(is_deletion and key not in counts for key, is_deletion in deleted.items())
    said = f"In the offline table {gone} deletions are missing, and {wrong} rows have the wrong `is_deleted`."
    report.part("deleted", not wrong and not gone, said)


def _has_values(record: dict, event: dict) -> bool:
    """Whether a record as text has the values of an event, which is no deletion."""
    try:
        return all(float(record[name]) == value for name, value in event["values"].items())
    except (KeyError, TypeError, ValueError):
        return False
