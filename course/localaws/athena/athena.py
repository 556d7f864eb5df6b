"""Starts, runs, stops and stores Athena queries."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.athena import permissions, results
from course.localaws.athena.access import Access
from course.localaws.athena.catalog import CATALOG, Catalog
from course.localaws.athena.executions import ENDED, Executions
from course.localaws.athena.failures import QueryFailure, SyntaxFailure, invalid
from course.localaws.athena.iceberg import IcebergReader
from course.localaws.athena.merged import MergedFiles
from course.localaws.billing.usage import Item
from course.localaws.core.call import Principal
from course.localaws.core.errors import AwsError
from course.localaws.moto.own_records import records_of

if TYPE_CHECKING:
    from course.localaws.athena.statements import SqlStatement
    from course.localaws.athena.work import QueryOutcome, QueryRun
    from course.localaws.platform import Platform

SMALLEST_BILLED, TERABYTE = (
    10 * 2**20,
    2**40,
)  # bytes of a query, and of a unit; AWS does not say whether its terabyte has 2^40 or 10^12 bytes
AT_ONCE = 2  # queries that run in parallel; the rest are QUEUED
VERSION = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_ENDINGS = {"SELECT": ".csv", "UNLOAD": "", "INSERT": "", "CREATE_TABLE_AS_SELECT": ""}  # statement -> suffix; else .txt
logger = logging.getLogger(__name__)


class Athena:
    """The interface to Athena for other services. Its methods wait for moto or the disk; do not call them in the event loop.

    Parameters
    ----------
    platform : Platform
        Its ``athena`` is set to this object.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._tags = records_of("athena", platform.account).tags
        self.records = Executions(platform.state / "athena.db")
        self._merged = MergedFiles(platform.state / "athena-merged", lambda body: platform.objects.bodies.path(body).exists())
        self._iceberg = IcebergReader()
        self._folder = platform.state / "athena"
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="athena")
        self._works: dict[str, QueryRun] = {}
        self._futures: dict[str, Future] = {}
        self._starting = threading.Lock()
        platform.athena = self
        self._fail_lost()

    def start(self, region: str, principal: Principal, params: dict, stored: bool = True) -> str:
        """StartQueryExecution; returns the id.

        Parameters
        ----------
        stored : bool
            Whether the result goes to S3. It does not for SageMaker's UNLOAD queries; only their data do.

        Raises
        ------
        AwsError
            ``InvalidRequestException``.
        """
        from course.localaws.athena.statements import read  # imports sqlglot, for which a start of the local AWS should not wait

        text, group = params["QueryString"], params.get("WorkGroup", "primary")
        context = {"Catalog": CATALOG, "Database": "default"} | params.get("QueryExecutionContext", {})
        if context["Catalog"].lower() != CATALOG:
            raise invalid(f"The data catalog {context['Catalog']} is not one that the local AWS queries; it has AwsDataCatalog.")
        try:
            statement = read(text, params.get("ExecutionParameters"))
        except SyntaxFailure as error:
            raise invalid(str(error), AthenaErrorCode="MALFORMED_QUERY") from error
        configuration = self._configuration(region, group, params.get("ResultConfiguration", {}))
        base, token = self._base(configuration) if stored else "", params.get("ClientRequestToken")
        with self._starting:
            if known := self.records.same(region, token, text):
                return known
            query = str(uuid.uuid4())
            place = f"{base}{query}" if base else ""
            document = self._document(query, text, statement, group, context, configuration, place)
            if parameters := params.get("ExecutionParameters"):
                document["ExecutionParameters"] = parameters
            self.records.add(region, token, document)
        kms_key = configuration.get("EncryptionConfiguration", {}).get("KmsKey")
        work = self._work(region, principal, context["Database"].strip('`"').lower(), statement, query, place, kms_key)
        workgroup = f"arn:aws:athena:{region}:{self._platform.account}:workgroup/{group}"
        self._platform.usage.tagged(workgroup, self._tags(workgroup) or {})
        self._submit(work, query, Item("AmazonAthena", "DataScannedInTB", "", region, workgroup))
        return query

    def _work(self, region: str, principal: Principal, database: str, statement: SqlStatement, *rest: str | None) -> QueryRun:
        from course.localaws.athena.work import QueryRun

        catalog, access = self.catalog(region, principal), Access(self._platform, principal)
        return QueryRun(catalog, access, self._merged, self._iceberg, database, statement, *rest)

    def _submit(self, work: QueryRun, query: str, billed: Item) -> None:
        self._works[query] = work
        self._futures[query] = future = self._pool.submit(self._worked, query, work, billed)
        future.add_done_callback(lambda _: (self._works.pop(query, None), self._futures.pop(query, None)))

    def catalog(self, region: str, principal: Principal) -> Catalog:
        """Returns the catalog of a region with the permissions of a caller."""
        return Catalog(self._platform, region, permissions.of_catalog(self._platform, region, principal))

    def wait(self, query: str, seconds: float) -> bool:
        """Wait until a query has ended, at most ``seconds``. Returns whether it has ended."""
        future = self._futures.get(query)
        if future is None:
            return True
        try:
            future.result(seconds)
        except TimeoutError:
            return False
        return True

    def execution(self, region: str, query: str) -> dict:
        """Returns a ``QueryExecution``. Raises AwsError."""
        return json.loads(self.records.row(region, query)["document"])

    def stop(self, region: str, query: str) -> None:
        """StopQueryExecution. Does not change a query that has ended. Raises AwsError."""
        self.records.row(region, query)
        if work := self._works.get(query):
            work.stop()
            self._end(query, "CANCELLED", "Query cancelled by user")

    def results(self, region: str, principal: Principal, query: str, token: str | None, most: int) -> dict:
        """GetQueryResults. Raises AwsError."""
        row = self.records.row(region, query)
        document, columns = json.loads(row["document"]), json.loads(row["columns"])
        state, kind = document["Status"]["State"], document["SubstatementType"]
        if state != "SUCCEEDED":
            raise invalid(
                f"Query has not yet finished. Current state: {state}"
                if state not in ENDED
                else f"Query did not finish successfully. Final query state: {state}"
            )
        answer = {"UpdateCount": row["rows"] if kind in ("INSERT", "CREATE_TABLE_AS_SELECT") else 0}
        location = document["ResultConfiguration"].get("OutputLocation", "")
        if _ENDINGS.get(kind, ".txt") == "" or not location:
            return answer | {"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": columns}}}
        bucket, _, key = location.removeprefix("s3://").partition("/")
        try:
            stored = self._platform.objects.head(bucket, key)
            Access(self._platform, principal).require_key(stored)
            with tempfile.TemporaryDirectory() as folder:
                rows, after = results.page(self._platform.objects.plain_file(stored, Path(folder)), kind == "SELECT", token, most)
        except AwsError as error:
            raise invalid(f"Could not find results at {location}: {error.message}") from error
        except QueryFailure as error:
            raise invalid(f"Could not read the results at {location}: {error}") from error
        found = {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}}}
        return answer | found | ({"NextToken": after} if after else {})

    def keep_merged(self, bodies: Iterable[str], path: Path, columns: dict[str, int]) -> None:
        """Keep a Parquet file that has the rows of many small ones, so that queries need not open these.

        Parameters
        ----------
        bodies : iterable of str
            The names of the files of the objects.
        path : Path
            The file. It is moved.
        columns : dict
            Lower-case column -> its compressed bytes in the small files.
        """
        self._merged.add(bodies, path, columns)

    def reset(self) -> None:
        self._stop_all()
        self.records.clear()
        self._merged.clear()

    def shutdown(self) -> None:
        self._stop_all()
        self._iceberg.stop()
        self._pool.shutdown()
        self.records.close()
        self._merged.close()

    def _stop_all(self) -> None:
        for query, work in list(self._works.items()):
            work.stop()
            self.wait(query, 10)

    def _fail_lost(self) -> None:
        """Marks the queries that were running in the last process as failed."""
        for query in self.records.unfinished():
            self._end(query, "FAILED", "INTERNAL_ERROR: the local AWS was stopped while the query ran")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)

    def _configuration(self, region: str, group: str, given: dict) -> dict:
        """Returns the workgroup's result configuration if it is enforced or the request names no location, else the request's.

        Raises AwsError.
        """
        try:
            found = self._platform.identity.moto.ask_json("athena", region, "AmazonAthena.GetWorkGroup", {"WorkGroup": group})
        except AwsError as error:
            raise invalid(f"WorkGroup {group} is not found.") from error
        workgroup = found.get("WorkGroup")
        if not workgroup:
            raise invalid(f"WorkGroup {group} is not found.")
        if workgroup.get("State") == "DISABLED":
            raise invalid(f"WorkGroup {group} is disabled.")
        settings = workgroup.get("Configuration") or {}
        own = settings.get("ResultConfiguration") or {}
        if own.get("OutputLocation") and (settings.get("EnforceWorkGroupConfiguration", True) or not given.get("OutputLocation")):
            return own
        return given

    def _base(self, configuration: dict) -> str:
        location = configuration.get("OutputLocation", "")
        if not location:
            raise invalid(
                "No output location provided. An output location is required either through the Workgroup result configuration setting or "
                "as an API input."
            )
        bucket = location.removeprefix("s3://").partition("/")[0]
        if not location.startswith("s3://") or not self._platform.objects.bucket_exists(bucket):
            raise invalid(f"Unable to verify/create output bucket {bucket}")
        return f"{location.rstrip('/')}/"

    def _document(self, query: str, text: str, statement: SqlStatement, group: str, context: dict, configuration: dict, place: str) -> dict:
        output = {"OutputLocation": place + _ENDINGS.get(statement.kind, ".txt")} if place else {}
        encryption = {name: configuration[name] for name in ("EncryptionConfiguration",) if name in configuration}
        return {
            **{"QueryExecutionId": query, "Query": text, "StatementType": statement.type, "SubstatementType": statement.kind},
            **{"ResultConfiguration": output | encryption, "QueryExecutionContext": context, "WorkGroup": group, "EngineVersion": VERSION},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "Status": {"State": "QUEUED", "SubmissionDateTime": self._platform.clock.now()},
            "Statistics": {},
        }

    # Called in a thread of the pool

    def _worked(self, query: str, work: QueryRun, billed: Item) -> None:
        with self._platform.scheduler.working():
            state = self._run(query, work)
        scanned = work.outcome.scanned
        if state != "FAILED" and scanned:  # a query that fails costs nothing ("Amazon Athena pricing")
            self._platform.usage.count(billed, max(scanned, SMALLEST_BILLED) / TERABYTE)

    def _run(self, query: str, work: QueryRun) -> str:
        """Run a query to its end. Returns its state."""
        folder = Path(tempfile.mkdtemp(prefix="query-", dir=self._folder))
        state, reason = "SUCCEEDED", ""
        try:
            if not work.stopped:
                self.records.update(query, _begin)
                work.run(folder)
        except QueryFailure as error:
            state, reason = "FAILED", str(error)
        except AwsError as error:
            state, reason = "FAILED", f"{error.code}: {error.message}"
        except Exception as error:
            logger.exception("query %s", query)
            state, reason = "FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if work.stopped:
            state, reason = "CANCELLED", "Query cancelled by user"
        self._end(query, state, reason, work)
        return state

    def _end(self, query: str, state: str, reason: str, work: QueryRun | None = None) -> None:
        now = self._platform.clock.now()
        if work is None:
            self.records.update(query, lambda document: _ended(document, now, state, reason, None))
        else:
            outcome = work.outcome
            self.records.update(query, lambda document: _ended(document, now, state, reason, outcome), outcome.columns, outcome.rows)


def _begin(document: dict) -> None:
    if document["Status"]["State"] == "QUEUED":
        document["Status"]["State"] = "RUNNING"


def _ended(document: dict, now: float, state: str, reason: str, outcome: QueryOutcome | None) -> None:
    """Write a query's final state into its ``QueryExecution``, unless it has one already."""
    status = document["Status"]
    if status["State"] in ENDED:
        return
    status |= {"State": state, "CompletionDateTime": now} | ({"StateChangeReason": reason} if reason else {})
    if state == "FAILED":
        category = 1 if reason.startswith(("GENERIC_INTERNAL", "INTERNAL_")) else 2  # 1: system error, 2: user error
        status["AthenaError"] = {"ErrorCategory": category, "ErrorType": 1006, "Retryable": False, "ErrorMessage": reason}
    total = int((now - status["SubmissionDateTime"]) * 1000)
    planning, executing = (int(outcome.planning * 1000), int(outcome.executing * 1000)) if outcome else (0, 0)
    document["Statistics"] = {
        **{"EngineExecutionTimeInMillis": planning + executing, "QueryPlanningTimeInMillis": planning},
        **{"DataScannedInBytes": outcome.scanned if outcome else 0, "TotalExecutionTimeInMillis": total},
        **{"QueryQueueTimeInMillis": 0, "ServiceProcessingTimeInMillis": max(0, total - planning - executing)},
    }
    if outcome and outcome.manifest:
        document["Statistics"]["DataManifestLocation"] = outcome.manifest
