"""Finds the requests of a lesson's SDK cells and of their boto3 twins in CloudTrail's event history, and compares them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory

TABLE = Path(__file__).with_name("sdk_requests.yaml")
SESSION = "[0-9a-f]{6}"  # a session of a notebook has it in all its names, see `CourseSession.unique`
ITEM = "item "
NAMES = ("channelName", "inputName", "key", "name", "outputName")  # members that name an item of a list


@dataclass(frozen=True, slots=True)
class Twins:
    """One request of a notebook that is made twice; see ``sdk_requests.yaml`` for the fields."""

    notebook: str
    operation: str
    boto3: str
    sdk: str
    differs: dict[str, str]


def table() -> list[Twins]:
    """All rows of the table, in its order."""
    given = yaml.safe_load(TABLE.read_text())
    return [Twins(notebook, **{"differs": {}} | row) for notebook, rows in given.items() for row in rows]


def differences(twins: Twins, handles: Sequence[launch.Handle]) -> dict[str, list[tuple[Any, Any]]]:
    """The members in which the two requests differ, with the pairs of boto3's value and the SDK's; None where a request lacks the member.

    Items of a list are compared by their names, so their order does not count. All items of a list are one member.

    Raises
    ------
    LookupError
        The local AWSs have not seen one of the two.
    """
    seen = [parameters for handle in handles for parameters in _requests(handle, twins.operation)]
    session, sdk_request = _named(seen, twins.sdk, SESSION, twins)
    by_sdk, by_hand = _flat(sdk_request), _flat(_named(seen, twins.boto3, session, twins)[1])
    found: dict[str, list[tuple[Any, Any]]] = {}
    for place in sorted(by_hand.keys() | by_sdk.keys()):
        pair = by_hand.get(place), by_sdk.get(place)
        if pair[0] != pair[1]:
            found.setdefault(".".join(part for part in place if not part.startswith(ITEM)), []).append(pair)
    return found


def _requests(handle: launch.Handle, operation: str) -> Iterator[dict]:
    """The parameters of all requests for an operation, the earliest first."""
    chosen = [{"AttributeKey": "EventName", "AttributeValue": operation}]
    pages = client_factory(handle)("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=chosen)
    for event in reversed([event for page in pages for event in page["Events"]]):
        record = json.loads(event["CloudTrailEvent"])
        if "errorCode" not in record:  # a refused request may have no parameters
            yield record["requestParameters"]


def _named(seen: Sequence[dict], start: str, session: str, twins: Twins) -> tuple[str, dict]:
    """The first request whose resource's name begins so, without that name; and the notebook's session, which follows in the name."""
    for parameters in seen:
        for member, name in parameters.items():
            if member.endswith("Name") and (found := re.match(f"{start}({session})-", str(name))):
                return found[1], json.loads(json.dumps(parameters).replace(name, "<name>"))
    raise LookupError(f"{twins.notebook}: no {twins.operation} whose name begins with {start!r}")


def _flat(value: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The values of a request by their places, such as ``("inputDataConfig", "item train", "contentType")``."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(ITEM + _item(each, number), each) for number, each in enumerate(value)]
    else:
        return {place: value}
    return {path: found for key, each in pairs for path, found in _flat(each, (*place, key)).items()}


def _item(value: Any, number: int) -> str:
    """What an item of a list is called: its name, or else its number."""
    named = [each for key, each in value.items() if key in NAMES] if isinstance(value, dict) else []
    return str(named[0] if named else number)
