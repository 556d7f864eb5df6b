"""Meters the requests that AWS bills one by one, from the request log. `billed_requests.yaml` says which these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.core.data_files import table
from course.localaws.core.sdk_environment import REGION
from course.localaws.moto.own_records import records_of

TAGGED_BY_MOTO = ("sns", "sqs")
REQUESTS = Path(__file__).with_name("billed_requests.yaml")


def meter(usage: UsageStore, account: str, rows: Iterable[Mapping]) -> None:
    """Count the billed ones among requests, and tell the tags of the queues and topics that moto keeps.

    Parameters
    ----------
    rows : iterable of mapping
        As `course.localaws.gateway.request_log` stores them.
    """
    for row in rows:
        service, operation = row["service"], row["operation"]
        kind = _usage_type(service, operation)
        # S3 bills a request for what is not there. What was refused or wrong costs nothing.
        if kind and (row["status"] < 400 or (service == "s3" and row["status"] == 404)):
            code, usage_type, template = kind
            region = row["region"] or REGION  # a job's own requests have none
            name = row["resource"].partition("/")[0]
            arn = template.format(name=name, region=region, account=account) if name else ""
            if arn and service in TAGGED_BY_MOTO and not operation.startswith("Delete"):  # the tags of a deleted queue still count
                usage.tagged(arn, records_of(service, account).tags(arn) or {}, row["time"])
            usage.count(Item(code, usage_type, operation, region, arn), 1.0, row["time"])


@cache
def _usage_type(service: str, operation: str) -> tuple[str, str, str] | None:
    """AWS's code of the service, the usage type, and the form of the ARN of its resource; None for a request that is not billed."""
    found = table(REQUESTS).get(service)
    if found is None or operation in found.get("free", ()):
        return None
    others = {name: usage_type for usage_type, names in found.get("others", {}).items() for name in names}
    usage_type = others.get(operation, found.get("usage"))
    return (found["service"], usage_type, found.get("resource", "")) if usage_type else None
