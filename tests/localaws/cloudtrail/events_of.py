"""Looks up CloudTrail's records of calls."""

from __future__ import annotations

import json
from typing import Any


def records(trail: Any, **attribute: str) -> list[dict]:
    """The records with one attribute, e.g. ``EventName="CreateRole"``, newest first."""
    wanted = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=wanted)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def record(trail: Any, **attribute: str) -> dict:
    """The newest record with one attribute."""
    return records(trail, **attribute)[0]
