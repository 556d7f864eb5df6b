"""What Athena knows of its resources when a caller's policies are checked: the workgroup of a query, and tags."""

from __future__ import annotations

from course.localaws.athena.executions import Executions
from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.iam.service_authorization.permissions import ServiceRecords
from course.localaws.moto.own_records import backend_of, records_of

_UNKNOWN = "*"  # the workgroup of a query that does not exist


def records(executions: Executions, account: str) -> ServiceRecords:
    """The records for `ServicePermissions`. moto keeps the workgroups and the named queries."""

    def resources(call: AwsRequest, params: dict) -> list[str] | None:
        groups = {_of_execution(executions, call.region, query) for query in _listed(params, "QueryExecutionId", "QueryExecutionIds")}
        groups |= {_of_named(account, call.region, query) for query in _listed(params, "NamedQueryId", "NamedQueryIds")}
        return [f"arn:aws:athena:{call.region}:{account}:workgroup/{group}" for group in sorted(groups)] or None

    return ServiceRecords(resources=resources, tags=records_of("athena", account).tags)


def _listed(params: dict, one: str, several: str) -> list[str]:
    return [params[one]] if one in params else params.get(several, [])


def _of_execution(executions: Executions, region: str, query: str) -> str:
    try:
        return executions.row(region, query)["workgroup"]
    except AwsError:
        return _UNKNOWN


def _of_named(account: str, region: str, query: str) -> str:
    backend = backend_of("athena", account, region)
    found = backend.named_queries.get(query) if backend is not None else None
    return getattr(found, "workgroup", _UNKNOWN)
