"""The Athena service. It serves queries and catalog reads itself and forwards workgroups, named queries and all else to moto."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from course.localaws.athena import metadata, permissions
from course.localaws.athena.athena import Athena
from course.localaws.athena.catalog import Catalog
from course.localaws.athena.failures import QueryFailure, invalid
from course.localaws.athena.results import MOST_ROWS, place
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.core.regular_expressions import RegularExpressions
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread

MOST_LISTED = 50


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``athena``. Its handlers run in a thread, since they wait for moto and the disk."""
    athena = Athena(platform)
    return Service(
        "athena",
        platform,
        AthenaOperations(athena, platform.expressions).handlers(),
        fallback=platform.moto,
        run=in_thread,
        invalid=invalid,
        resource=lambda operation, params: params.get("QueryExecutionId", ""),
        permissions=of_model("athena", permissions.records(athena.records, platform.account)).required,
        stages=stages,
        backend=athena,
    )


class AthenaOperations:
    """The handlers of Athena's operations.

    Parameters
    ----------
    athena : Athena
    expressions : RegularExpressions
    """

    def __init__(self, athena: Athena, expressions: RegularExpressions) -> None:
        self._athena = athena
        self._expressions = expressions

    def start(self, context: Context, params: dict) -> dict:
        if params.get("ResultReuseConfiguration", {}).get("ResultReuseByAgeConfiguration", {}).get("Enabled"):
            raise not_supported("athena", "StartQueryExecution with ResultReuseConfiguration")
        if "EngineConfiguration" in params:
            raise not_supported("athena", "StartQueryExecution with EngineConfiguration")
        if "AclConfiguration" in params.get("ResultConfiguration", {}):
            raise not_supported("athena", "StartQueryExecution with AclConfiguration")
        context.call.resource = self._athena.start(context.region, context.principal, params)
        return {"QueryExecutionId": context.call.resource}

    def get(self, context: Context, params: dict) -> dict:
        return {"QueryExecution": self._athena.execution(context.region, params["QueryExecutionId"])}

    def batch_get(self, context: Context, params: dict) -> dict:
        found, missing = [], []
        for query in params["QueryExecutionIds"]:
            try:
                found.append(self._athena.execution(context.region, query))
            except AwsError as error:
                missing.append({"QueryExecutionId": query, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message})
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def list(self, context: Context, params: dict) -> dict:
        start, most = place(params.get("NextToken")), params.get("MaxResults", MOST_LISTED)
        found = self._athena.records.newest(context.region, params.get("WorkGroup", "primary"), start, most + 1)
        return {"QueryExecutionIds": found[:most], **({"NextToken": str(start + most)} if len(found) > most else {})}

    def stop(self, context: Context, params: dict) -> dict:
        self._athena.stop(context.region, params["QueryExecutionId"])
        return {}

    def results(self, context: Context, params: dict) -> dict:
        if params.get("QueryResultType", "DATA_ROWS") != "DATA_ROWS":
            raise not_supported("athena", "GetQueryResults with QueryResultType DATA_MANIFEST")
        most = params.get("MaxResults", MOST_ROWS)
        if most > MOST_ROWS:
            raise invalid(f"MaxResults is more than maximum allowed length {MOST_ROWS}")
        return self._athena.results(context.region, context.principal, params["QueryExecutionId"], params.get("NextToken"), most)

    def statistics(self, context: Context, params: dict) -> dict:
        document = self._athena.execution(context.region, params["QueryExecutionId"])
        rows = self._athena.records.row(context.region, params["QueryExecutionId"])["rows"]
        found = document["Statistics"]
        timeline = {name: value for name, value in found.items() if name.endswith("InMillis")}
        return {
            "QueryRuntimeStatistics": {"Timeline": timeline, "Rows": {"InputBytes": found.get("DataScannedInBytes", 0), "OutputRows": rows}}
        }

    def handlers(self) -> dict[str, Operation]:
        return {
            "StartQueryExecution": self.start,
            "GetQueryExecution": self.get,
            "BatchGetQueryExecution": self.batch_get,
            "ListQueryExecutions": self.list,
            "StopQueryExecution": self.stop,
            "GetQueryResults": self.results,
            "GetQueryRuntimeStatistics": self.statistics,
            "ListDatabases": self._of_catalog(metadata.databases),
            "GetDatabase": self._of_catalog(metadata.database),
            "ListTableMetadata": self._of_catalog(partial(metadata.tables, self._expressions)),
            "GetTableMetadata": self._of_catalog(metadata.table),
        }

    def _of_catalog(self, answer: Callable[[Catalog, dict], dict]) -> Operation:
        def answered(context: Context, params: dict) -> dict:
            try:
                return answer(self._athena.catalog(context.region, context.principal), params)
            except QueryFailure as error:  # what the caller may not do in Glue
                raise AwsError("MetadataException", str(error)) from error

        return answered
