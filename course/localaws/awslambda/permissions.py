"""What Lambda knows of its resources when a caller's policies are checked: a function's ARN, tags and policy."""

from __future__ import annotations

from course.localaws.awslambda import names, resource_policy
from course.localaws.awslambda.names import FunctionReference
from course.localaws.awslambda.store import Function, FunctionStore
from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.iam.policy import Policy
from course.localaws.iam.service_authorization.permissions import ServiceRecords

_ONE_RESOURCE = ("CreateEventSourceMapping", "ListEventSourceMappings")  # asked on "*", with the function as a condition key


def records(store: FunctionStore) -> ServiceRecords:
    """The records for `ServicePermissions`."""

    def found(arn: str) -> tuple[FunctionReference, Function] | None:
        region, account = arn.split(":")[3:5]
        try:
            wanted = names.reference(region, account, arn)
        except AwsError:
            return None
        function = store.get(region, wanted.name)
        return (wanted, function) if function else None

    def tags(arn: str) -> dict[str, str] | None:
        if ":function:" not in arn:
            return None
        there = found(arn)
        return there[1].tags if there else {}

    def policy(arn: str, action: str) -> Policy | None:
        there = found(arn) if ":function:" in arn else None
        return resource_policy.parsed(there[1], there[0]) if there else None

    return ServiceRecords(resources=_resources, tags=tags, policy=policy, keys=_keys, known=frozenset({"lambda:functionarn"}))


def _resources(call: AwsRequest, params: dict) -> list[str] | None:
    """The function of a request, with a version or an alias if the request names one."""
    if "FunctionName" not in params or call.operation in _ONE_RESOURCE:
        return None
    return [_arn(call, params)]


def _arn(call: AwsRequest, params: dict) -> str:
    account = call.principal.account
    try:
        return names.reference(call.region, account, params["FunctionName"], params.get("Qualifier")).arn
    except AwsError:  # a wrong name, which the operation will refuse
        return names.function_arn(call.region, account, params["FunctionName"])


def _keys(call: AwsRequest, params: dict, arn: str) -> dict[str, list[str]]:
    return {"lambda:FunctionArn": [_arn(call, params)]} if "FunctionName" in params else {}
