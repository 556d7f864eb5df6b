"""Athena behind the gateway: queries and the view of the catalog are ours; workgroups, named queries and the rest go on to moto."""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread
from starlette.responses import Response

from course.localaws.athena import metadata
from course.localaws.athena.athena import Athena
from course.localaws.athena.catalog import Catalog
from course.localaws.athena.failures import invalid
from course.localaws.athena.results import MOST_ROWS, place
from course.localaws.core.call import AwsRequest, Service
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.protocol.contract import Contract

MOST_LISTED = 50


def athena_service(athena: Athena, otherwise: Service) -> Service:
    """Queries run by ``athena``; ``otherwise`` serves the operations that are neither."""
    contract = Contract("athena")

    async def serve(call: AwsRequest) -> Response:
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            return await otherwise(call)
        name, params = contract.parse(call, await call.body())
        try:
            contract.validate(name, params)
        except AwsError as error:
            raise invalid(error.message) from error
        call.resource = params.get("QueryExecutionId", "")
        return contract.serialise(name, await to_thread.run_sync(operation, athena, call, params))

    return serve


def _start(athena: Athena, call: AwsRequest, params: dict) -> dict:
    if params.get("ResultReuseConfiguration", {}).get("ResultReuseByAgeConfiguration", {}).get("Enabled"):
        raise not_supported("athena", "StartQueryExecution with ResultReuseConfiguration")
    if "EngineConfiguration" in params:
        raise not_supported("athena", "StartQueryExecution with EngineConfiguration")
    if "AclConfiguration" in params.get("ResultConfiguration", {}):
        raise not_supported("athena", "StartQueryExecution with AclConfiguration")
    call.resource = athena.start(call.region, call.principal, params)
    return {"QueryExecutionId": call.resource}


def _get(athena: Athena, call: AwsRequest, params: dict) -> dict:
    return {"QueryExecution": athena.execution(call.region, params["QueryExecutionId"])}


def _batch_get(athena: Athena, call: AwsRequest, params: dict) -> dict:
    found, missing = [], []
    for query in params["QueryExecutionIds"]:
        try:
            found.append(athena.execution(call.region, query))
        except AwsError as error:
            missing.append({"QueryExecutionId": query, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message})
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def _list(athena: Athena, call: AwsRequest, params: dict) -> dict:
    start, most = place(params.get("NextToken")), params.get("MaxResults", MOST_LISTED)
    found = athena.records.newest(call.region, params.get("WorkGroup", "primary"), start, most + 1)
    return {"QueryExecutionIds": found[:most], **({"NextToken": str(start + most)} if len(found) > most else {})}


def _stop(athena: Athena, call: AwsRequest, params: dict) -> dict:
    athena.stop(call.region, params["QueryExecutionId"])
    return {}


def _results(athena: Athena, call: AwsRequest, params: dict) -> dict:
    if params.get("QueryResultType", "DATA_ROWS") != "DATA_ROWS":
        raise not_supported("athena", "GetQueryResults with QueryResultType DATA_MANIFEST")
    most = params.get("MaxResults", MOST_ROWS)
    if most > MOST_ROWS:
        raise invalid(f"MaxResults is more than maximum allowed length {MOST_ROWS}")
    return athena.results(call.region, params["QueryExecutionId"], params.get("NextToken"), most)


def _statistics(athena: Athena, call: AwsRequest, params: dict) -> dict:
    document = athena.execution(call.region, params["QueryExecutionId"])
    rows = athena.records.row(call.region, params["QueryExecutionId"])["rows"]
    found = document["Statistics"]
    timeline = {name: value for name, value in found.items() if name.endswith("InMillis")}
    return {
        "QueryRuntimeStatistics": {"Timeline": timeline, "Rows": {"InputBytes": found.get("DataScannedInBytes", 0), "OutputRows": rows}}
    }


def _of_catalog(answer: Callable[[Catalog, dict], dict]) -> Callable[[Athena, AwsRequest, dict], dict]:
    return lambda athena, call, params: answer(athena.catalog(call.region), params)


OPERATIONS: dict[str, Callable[[Athena, AwsRequest, dict], dict]] = {
    "StartQueryExecution": _start,
    "GetQueryExecution": _get,
    "BatchGetQueryExecution": _batch_get,
    "ListQueryExecutions": _list,
    "StopQueryExecution": _stop,
    "GetQueryResults": _results,
    "GetQueryRuntimeStatistics": _statistics,
    "ListDatabases": _of_catalog(metadata.databases),
    "GetDatabase": _of_catalog(metadata.database),
    "ListTableMetadata": _of_catalog(metadata.tables),
    "GetTableMetadata": _of_catalog(metadata.table),
}
