"""Judges the design of two groups by what they return after messages were written to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m03_1_cases import flight_of, newest_by, terminal_of
from .m03_1_groups import ONLINE, Store

MEMBERS = {"RecordIdentifierFeatureName", "EventTimeFeatureName", "FeatureDefinitions"}
GROUPS = ("flight", "terminal")


def judge_design(answer: Answer, report: Report, messages: list[dict]) -> None:
    """Create the learner's groups, write the records of messages in their order, and report every part."""
    requests = answer.value("requests")
    if not report.part(
        "groups", set(requests) == set(GROUPS), f"`requests` has the keys {sorted(requests)}; expected {GROUPS[0]!r} and {GROUPS[1]!r}."
    ):
        return
    for group in GROUPS:
        form = isinstance(requests[group], dict) and set(requests[group]) == MEMBERS
        if not report.part("groups", form, f"`requests[{group!r}]` is not a dict with the three members of the text, and no others."):
            return
    token = answer.token()
    names = {group: f"checks-m03-1-{group}-{token}" for group in GROUPS}
    try:
        store = Store(answer)
        with store.groups({names[group]: requests[group] | ONLINE for group in GROUPS}):
            _probe(answer, report, store, names, requests, messages)
    except (ClientError, ParamValidationError) as error:
        report.part("groups", False, f"A request with your `requests` or records was refused: {cut(str(error), 300)}")


def _probe(answer: Answer, report: Report, store: Store, names: dict[str, str], requests: dict, messages: list[dict]) -> None:
    records = [_records_of(answer, report, message) for message in messages]
    if None in records:
        return
    for message_records in records:
        for group, record in message_records.items():
            store.put(names[group], {name: value for name, value in record.items() if not _is_gap(value)})
    report.part("groups", True, "Both groups were created and took all records.")
    keys = {group: requests[group]["RecordIdentifierFeatureName"] for group in GROUPS}
    identifiers = {group: [one.get(group, {}).get(keys[group]) for one in records] for group in GROUPS}
    flights = _identified(report, "flight", flight_of, messages, identifiers["flight"])
    terminals = _identified(report, "terminal", terminal_of, messages, identifiers["terminal"])
    found = {about: store.get(names["flight"], identifier) for about, identifier in flights.items()}
    queues = {about: store.get(names["terminal"], identifier) for about, identifier in terminals.items()}
    good = _check_order(report, messages, found, queues)
    parts = [(group, part) for one in records for group, part in one.items()]
    gaps = [f"{name!r} of {group!r} is {value!r}" for group, part in parts for name, value in part.items() if _is_gap(value)]
    said = f"{len(gaps)} records have a feature that their message does not have: {', '.join(gaps[:2])}."
    if report.part("values", not gaps, said):
        _check_values(report, good)


def _records_of(answer: Answer, report: Report, message: dict) -> dict | None:
    """The learner's records for a message; reports and returns None when they are not of the form that the text asks for."""
    given = answer.call("to_records", message)
    form = set(given) <= set(GROUPS) and all(isinstance(record, dict) for record in given.values())
    said = f"`to_records({message!r})` returned {given!r}; expected a record, a dict, for each of the groups that it concerns."
    if report.part("groups", form, said):
        return given
    return None


def _is_gap(value: object) -> bool:
    return value is None or value != value  # NaN differs from itself


def _identified(report: Report, group: str, about: Callable[[dict], tuple], messages: list[dict], identifiers: list) -> dict[tuple, str]:
    """The identifier of each flight or terminal that has one of its own, and always the same one. Reports whether all have."""
    seen: dict[tuple, set[str]] = {}
    for message, identifier in zip(messages, identifiers, strict=True):
        if identifier is not None:
            seen.setdefault(about(message), set()).add(str(identifier))
    wanted = {about(message) for message in messages}
    said = f"`to_records` gave {len(seen)} of {len(wanted)} {group}s a record with the identifier that `requests` names."
    complete = set(seen) == wanted
    several = [key for key, values in seen.items() if len(values) > 1]
    if complete and several:
        said = f"Messages of one {group}, {several[0]}, have several identifiers, {sorted(seen[several[0]])[:2]}: which is asked for?"
    if not report.part(group, complete and not several, said):
        return {}
    found = {key: min(values) for key, values in seen.items()}
    count = Counter(found.values())
    shared = [key for key, identifier in found.items() if count[identifier] > 1]
    said = f"{len(shared)} of {len(found)} {group}s share an identifier, and so overwrite each other, for instance {shared[:2]}."
    report.part(group, not shared, said)
    return {key: identifier for key, identifier in found.items() if count[identifier] == 1}


def _check_order(report: Report, messages: list[dict], found: dict[tuple, dict], queues: dict[tuple, dict]) -> list[tuple[dict, dict]]:
    """Report whether the newest message won everywhere. Returns the newest message and the record of each flight for which it did."""
    newest = newest_by(messages, flight_of)
    newest_queue = newest_by([one for one in messages if one["queue_minutes"] is not None], terminal_of)
    good = [(newest[key], record) for key, record in found.items() if _agrees(newest[key], record, ("gate", "checked_in"))]
    right = sum(_agrees(newest_queue[key], record, ("queue_minutes",)) for key, record in queues.items())
    lost = [key for key, record in queues.items() if "queue_minutes" not in record]
    said = f"`get_record` of the terminal {lost[:1]} has no `queue_minutes`, although messages had it: what does one without it write?"
    report.part("terminal", not lost, said)
    whole = len(good) == len(found) and right == len(queues) and bool(found or queues)
    said = f"{len(good)} of {len(found)} flights and {right} of {len(queues)} terminals return what their newest message says: "
    report.part("order", whole, f"{said}when was a value known?")
    return good


def _check_values(report: Report, good: list[tuple[dict, dict]]) -> None:
    for message, record in good:
        for name in ("gate", "checked_in"):
            value = message[name]
            if value is None and name in record:
                report.part("values", False, f"The newest message of a flight has no `{name}`, and its record has {record[name]!r}.")
                return
            if name == "gate" and value is not None and record[name] != value:
                report.part("values", False, f"A gate came back as {record[name]!r}, and was sent as {value!r}.")
                return
    report.part("values", bool(good), "No flight returned its newest message, so no value could be compared.")


def _agrees(message: dict, record: dict[str, str], names: tuple[str, ...]) -> bool:
    """Whether a record has the numbers of a message; leading zeros do not matter, nor do features that the message does not have."""
    try:
        return all(message[name] is None or float(record[name]) == float(message[name]) for name in names)
    except (KeyError, ValueError):
        return False
