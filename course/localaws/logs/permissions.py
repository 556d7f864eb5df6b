"""What CloudWatch Logs knows of its resources when a caller's policies are checked: the ARNs of groups and streams, and tags.

Source: "CloudWatch Logs resources and operations", CloudWatch Logs User Guide: except for the operations on tags, a policy names a log
group with ``:*`` after it. AWS's refusals name ``log-group:NAME:log-stream:``, also when there is no stream.
"""

from __future__ import annotations

import json

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.iam.service_authorization.permissions import ServiceRecords
from course.localaws.logs.store import LogStore

_OF_TAGS = ("ListTagsForResource", "ListTagsLogGroup", "TagLogGroup", "TagResource", "UntagLogGroup", "UntagResource")
_OF_STREAMS = ("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents")
_OF_ALL_GROUPS = ("DescribeLogGroups", "ListLogGroups")
_GROUP_MEMBERS = ("logGroupName", "logGroupIdentifier", "resourceIdentifier", "logGroupNames", "logGroupIdentifiers", "logGroupArnList")


def records(store: LogStore) -> ServiceRecords:
    """The records for `ServicePermissions`."""

    def tags(arn: str) -> dict[str, str] | None:
        _, _, _, region, _, kind, name, *_ = [*arn.split(":"), "", ""]
        if kind != "log-group":
            return None
        try:
            return json.loads(store.group(region, name)["tags"])
        except AwsError:
            return {}

    return ServiceRecords(resources=_resources, tags=tags)


def _resources(call: AwsRequest, params: dict) -> list[str] | None:
    prefix = f"arn:aws:logs:{call.region}:{call.principal.account}:log-group:"
    if call.operation in _OF_ALL_GROUPS:
        return [f"{prefix}:log-stream:"]
    if call.operation in _OF_TAGS:
        arn = params.get("resourceArn", "")
        return [f"{prefix}{params['logGroupName']}"] if "logGroupName" in params else [arn.removesuffix(":*")] if arn else None
    groups = [group for member in _GROUP_MEMBERS for group in _listed(params.get(member)) if group]
    if not groups:
        return None
    stream = params.get("logStreamName", "") if call.operation in _OF_STREAMS else ""
    return [f"{_group(group, prefix)}:log-stream:{stream}" for group in dict.fromkeys(groups)]


def _group(group: str, prefix: str) -> str:
    return group.removesuffix(":*") if group.startswith("arn:") else prefix + group


def _listed(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value or ""]
