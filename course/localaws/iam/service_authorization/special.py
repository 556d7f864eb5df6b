"""Operations whose actions or resources depend on what a request says, beyond names of members.

Sources: "IAM policies with PartiQL for DynamoDB" and "Using IAM with DynamoDB transactions", DynamoDB Developer Guide; "Amazon API Gateway
actions", Service Authorization Reference; "Amazon EventBridge permissions reference"; AddTagsToResource in the Systems Manager API.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course.localaws.core.call import AnyCall
from course.localaws.iam.service_authorization.templates import values

Asked = list[tuple[str, str]]  # action without prefix, and a template of its resource

_DEFAULT_BUS = "default"
_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_STATEMENT = re.compile(
    r"""\s*(?:(update)|(select|insert|delete)\b.*?\b(?:from|into))\s+"?([\w.-]+)"?""",
    re.IGNORECASE | re.DOTALL,
)
_STATEMENTS = {
    "BatchExecuteStatement": "Statements.Statement",
    "ExecuteStatement": "Statement",
    "ExecuteTransaction": "TransactStatements.Statement",
}
_PARTIQL = {"select": "PartiQLSelect", "insert": "PartiQLInsert", "update": "PartiQLUpdate", "delete": "PartiQLDelete"}
_TAGGED = {
    "Parameter": "parameter{ResourceId:slashed}",
    "Document": "document/{ResourceId}",
    "MaintenanceWindow": "maintenancewindow/{ResourceId}",
    "PatchBaseline": "patchbaseline/{ResourceId}",
    "ManagedInstance": "managed-instance/{ResourceId}",
    "OpsItem": "opsitem/{ResourceId}",
    "OpsMetadata": "opsmetadata/{ResourceId}",
    "Automation": "automation-execution/{ResourceId}",
    "Association": "association/{ResourceId}",
}


def asked(prefix: str, call: AnyCall, params: dict) -> Asked | None:
    """The actions and resources of a request; ``None`` when they follow from names."""
    if prefix == "apigateway":
        return [(call.request.method, f"arn:aws:apigateway:${{Region}}::{call.request.url.path}")]
    found = _SPECIAL.get(prefix)
    return found(call.operation, params) if found else None


def _dynamodb(operation: str, params: dict) -> Asked | None:
    if operation == "TransactWriteItems":
        return [
            (action, f"table/{name.rpartition('/')[2]}")
            for kind, action in _WRITES.items()
            for name in values(params, f"TransactItems.{kind}.TableName")
        ]
    if operation in _STATEMENTS:
        return [_partiql(statement) for statement in values(params, _STATEMENTS[operation])]
    return None


def _partiql(statement: str) -> tuple[str, str]:
    """A statement that cannot be read is a write to every table."""
    found = _STATEMENT.match(statement)
    return (_PARTIQL[(found[1] or found[2]).lower()], f"table/{found[3].partition('.')[0]}") if found else ("PartiQLUpdate", "table/*")


def _events(operation: str, params: dict) -> Asked | None:
    if operation == "PutEvents":
        entries = params.get("Entries", ())
        buses = dict.fromkeys((each.get("EventBusName") if isinstance(each, dict) else None) or _DEFAULT_BUS for each in entries)
        return [("PutEvents", bus if bus.startswith("arn:") else f"event-bus/{bus}") for bus in map(str, buses)]
    name = "Rule" if operation in ("ListTargetsByRule", "PutTargets", "RemoveTargets") else "Name"
    if operation in _OF_RULES:
        bus = str(params.get("EventBusName") or _DEFAULT_BUS).rpartition("/")[2]
        return [(operation, f"rule/{{{name}}}" if bus == _DEFAULT_BUS else f"rule/{bus}/{{{name}}}")]
    return None


def _ssm(operation: str, params: dict) -> Asked | None:
    if operation in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"):
        return [(operation, _TAGGED.get(str(params.get("ResourceType")), "*"))]
    return None


_OF_RULES = ("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "ListTargetsByRule", "PutRule", "PutTargets", "RemoveTargets")
_SPECIAL: dict[str, Callable[[str, dict], Asked | None]] = {"dynamodb": _dynamodb, "events": _events, "ssm": _ssm}
