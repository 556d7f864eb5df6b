"""Finds the requests of a lesson's SDK cells and of their boto3 twins in CloudTrail's event history, and compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory

TABLE = Path(__file__).with_name("sdk_requests.yaml")


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


def differences(twins: Twins, handles: Sequence[launch.Handle]) -> dict[str, tuple[Any, Any]]:
    """The members in which the two requests differ, with boto3's value and the SDK's; None where a request leaves a member out.

    Raises LookupError when the local AWSs have not seen one of the two.
    """
    seen = [parameters for handle in handles for parameters in _requests(handle, twins.operation)]
    by_hand, by_sdk = (_flat(_named(seen, start, twins)) for start in (twins.boto3, twins.sdk))
    members = sorted(by_hand.keys() | by_sdk.keys())
    return {each: (by_hand.get(each), by_sdk.get(each)) for each in members if by_hand.get(each) != by_sdk.get(each)}


def _requests(handle: launch.Handle, operation: str) -> Iterator[dict]:
    """The parameters of all requests for an operation, the latest first."""
    chosen = [{"AttributeKey": "EventName", "AttributeValue": operation}]
    for page in client_factory(handle)("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=chosen):
        for event in page["Events"]:
            yield json.loads(event["CloudTrailEvent"])["requestParameters"]


def _named(seen: Sequence[dict], start: str, twins: Twins) -> dict:
    """The latest request whose resource's name begins so, without that name."""
    for parameters in seen:
        for member, name in parameters.items():
            if member.endswith("Name") and str(name).startswith(start):
                return json.loads(json.dumps(parameters).replace(name, "<name>"))
    raise LookupError(f"{twins.notebook}: no {twins.operation} whose name begins with {start!r}")


def _flat(value: Any, place: str = "") -> dict[str, Any]:
    """The values of a request by their paths, such as ``inputDataConfig.0.channelName``."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: found for key, each in pairs for path, found in _flat(each, f"{place}.{key}").items()}
    return {place.removeprefix("."): value}
