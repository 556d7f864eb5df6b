"""The policies of Athena's callers: what Athena knows of its own resources, and the rights that a query needs in the Glue catalog."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from course.localaws.athena.access import VIA_ATHENA
from course.localaws.athena.executions import Executions
from course.localaws.athena.failures import QueryFailure
from course.localaws.core.call import AwsRequest, Principal, ServiceCall
from course.localaws.core.errors import AwsError
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.service_authorization.permissions import ServiceRecords, of_model
from course.localaws.moto.own_records import backend_of, records_of

if TYPE_CHECKING:
    from course.localaws.platform import Platform

_UNKNOWN = "*"  # the workgroup of a query that does not exist


def records(executions: Executions, account: str) -> ServiceRecords:
    """The records for `ServicePermissions`. moto keeps the workgroups and the named queries."""

    def resources(call: AwsRequest, params: dict) -> list[str] | None:
        groups = {_of_execution(executions, call.region, query) for query in _listed(params, "QueryExecutionId", "QueryExecutionIds")}
        groups |= {_of_named(account, call.region, query) for query in _listed(params, "NamedQueryId", "NamedQueryIds")}
        return [f"arn:aws:athena:{call.region}:{account}:workgroup/{group}" for group in sorted(groups)] or None

    return ServiceRecords(resources=resources, tags=records_of("athena", account).tags)


def of_catalog(platform: Platform, region: str, principal: Principal) -> Callable[[str, dict], None]:
    """Returns the check that a `Catalog` makes before each call of Glue. It raises QueryFailure.

    A call needs the rights on the catalog, the database and the table that it names, in Athena as in Glue ("Configure access to databases
    and tables in the AWS Glue Data Catalog", Athena User Guide). The message has the form of recorded ones.
    """
    permissions = of_model("glue", records_of("glue", platform.account))

    def require(operation: str, params: dict) -> None:
        for demand in permissions.required(ServiceCall(operation, region, principal), params):
            if reason := platform.identity.callers.refusal(principal, _by_athena(demand)):
                raise QueryFailure(
                    f"User: {principal.arn} is not authorized to perform: {demand.action} on resource: {demand.resource} {reason} "
                    f"(Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: {uuid.uuid4()}; "
                    "Proxy: null)"
                )

    return require


def _by_athena(demand: RequiredPermission) -> RequiredPermission:
    def keys() -> ConditionKeys:
        return demand.keys() | VIA_ATHENA

    return replace(demand, keys=keys)


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
