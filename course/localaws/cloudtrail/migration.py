"""Takes over the trails of a state folder of an earlier release, in which moto kept them and delivered nothing."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from course.localaws.cloudtrail import selectors
from course.localaws.cloudtrail.store import fresh


def trails(account: str) -> list[dict]:
    """moto's trails as documents. Call it in moto's thread."""
    from moto.cloudtrail.models import cloudtrail_backends

    return [_document(backend, trail) for backend in cloudtrail_backends[account].values() for trail in backend.trails.values()]


def _document(backend: Any, trail: Any) -> dict:
    shown = {member: value for member, value in trail.description(include_region=True).items() if value is not None}
    kept = {**shown, "LogFileValidationEnabled": bool(trail.log_validation), "IsOrganizationTrail": False}
    kept |= {
        "IsMultiRegionTrail": bool(trail.is_multi_region),
        "IncludeGlobalServiceEvents": trail.include_global_service_events is not False,
    }
    status: dict[str, Any] = {"IsLogging": trail.status.is_logging}
    for member, moment in (("StartLoggingTime", trail.status.started), ("StopLoggingTime", trail.status.stopped)):
        if moment is not None:  # in UTC, without a time zone
            status[member] = moment.replace(tzinfo=UTC).timestamp()
    basic, advanced = trail.get_event_selectors()
    own = {
        "HasCustomEventSelectors": bool(basic or advanced),
        "_Made": 0,
        "_Tags": backend.tagging_service.list_tags_for_resource(trail.arn)["TagsList"],
        "_Selectors": [{**selectors.DEFAULT[0], **selector} for selector in basic] or ([] if advanced else selectors.DEFAULT),
        "_Advanced": advanced or [],
        "_Status": status,
    }
    return kept | fresh() | own
