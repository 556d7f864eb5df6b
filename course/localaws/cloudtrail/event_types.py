"""What kind of event a call is, and how CloudTrail calls it. The data is in `events.yaml`.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from course.localaws.core.data_files import table

TABLE = Path(__file__).with_name("events.yaml")
GLOBAL_REGION = "us-east-1"
MOST_KEPT = 10_000  # operations; a request may name one that does not exist
_READS = re.compile(r"(Describe|List|Get|Head|Lookup|Search|Simulate|Batch(Get|Describe)).*")


@dataclass(frozen=True, slots=True)
class DataEvents:
    """The data events of one kind of resource.

    Attributes
    ----------
    type : str
        E.g. ``"AWS::S3::Object"``; empty if no trail can ask for them.
    arn : str
        The ARN of the resource, with members of ``requestParameters`` in braces.
    """

    type: str
    arn: str


@lru_cache(MOST_KEPT)
def data_events(service: str, operation: str) -> DataEvents | None:
    """The kind of data event that an operation is, by signing name; ``None`` for a management event.

    A data event reads or writes data in a resource. The event history omits it, and EventBridge gets no event.
    """
    for kind in table(TABLE)["data"].get(service, ()):
        if operation in kind["operations"]:
            return DataEvents(kind.get("type", ""), kind.get("arn", ""))
    return None


def is_data_event(service: str, operation: str) -> bool:
    """Whether an operation is a data event."""
    return data_events(service, operation) is not None


def is_read(operation: str) -> bool:
    """Whether an operation only reads, by its name alone."""
    return _READS.fullmatch(operation) is not None


@lru_cache(MOST_KEPT)
def is_read_only(service: str, operation: str) -> bool:
    """Whether CloudTrail's record of an operation has ``readOnly`` true."""
    listed = table(TABLE)
    if operation in listed["writes"].get(service, ()):
        return False
    return operation in listed["reads"].get(service, ()) or is_read(operation)


@lru_cache(MOST_KEPT)
def has_response_elements(service: str, operation: str) -> bool:
    """Whether CloudTrail records the response of an operation: of operations that change something, and of STS's that return keys."""
    return not is_read_only(service, operation) or operation in table(TABLE)["answered_reads"].get(service, ())


@lru_cache(MOST_KEPT)
def event_name(service: str, operation: str) -> str:
    return table(TABLE)["names"].get(service, {}).get(operation, operation)


@lru_cache(MOST_KEPT)
def event_source(service: str) -> str:
    return table(TABLE)["sources"].get(service, f"{service}.amazonaws.com")


def is_global(service: str) -> bool:
    """Whether a service has no regions."""
    return service in table(TABLE)["global"]


def event_region(service: str, region: str) -> str:
    """The region of an event. Services without regions write theirs in us-east-1."""
    return GLOBAL_REGION if is_global(service) else region


def operations(name: str) -> frozenset[str]:
    """The operations of any service whose events have a name."""
    renamed = {operation for names in table(TABLE)["names"].values() for operation, other in names.items() if other == name}
    return frozenset({name} | renamed)


def services(source: str) -> frozenset[str]:
    """The signing names of the services whose events have a source."""
    renamed = {service for service, other in table(TABLE)["sources"].items() if other == source}
    return frozenset({source.removesuffix(".amazonaws.com")} | renamed)


@cache
def management_condition() -> tuple[str, list[str]]:
    """A condition in SQL that rows of the request log with management events meet, and the values of its question marks."""
    parts, values = ["true"], []
    for service, kinds in table(TABLE)["data"].items():
        listed = [operation for kind in kinds for operation in kind["operations"]]
        parts.append(f"NOT (service = ? AND operation IN ({', '.join('?' * len(listed))}))")
        values += [service, *listed]
    return " AND ".join(parts), values
