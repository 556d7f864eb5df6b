"""moto behind the gateway: runs all AWS services without their own package, in this process, one request at a time, durably."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from botocore.model import OperationNotFoundError
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.moto import bridge, canned, replay, wsgi
from course.localaws.moto.journal import Journal, JournalEntry, new_seed
from course.localaws.moto.patches import patch_libraries
from course.localaws.moto.replay import ReplayContext
from course.localaws.moto.wsgi import WsgiResponse

if TYPE_CHECKING:
    from course.localaws.platform import Platform

T = TypeVar("T")

READS = ("Describe", "List", "Get", "Head", "BatchGet", "BatchDescribe", "Search", "Query", "Scan", "Select", "Lookup", "Simulate")
READS += ("Validate", "Check", "Test", "Estimate", "Preview", "Filter", "Discover", "Detect")
IDENTITY_SERVICES = ("iam", "cloudformation")  # they change users, roles and policies
READ_METHODS = ("GET", "HEAD", "OPTIONS")
POLL_SECONDS = 0.1  # between two polls of a queue while a caller waits
ANSWER_HEADERS_DROPPED = frozenset({"connection", "content-length", "date", "server", "transfer-encoding", "x-amzn-requestid"})
PRIVATE_PATHS = (b"/moto-api", b"/latest/meta-data/", b"/latest/api/")  # moto's control API, and the instance metadata service
_UNKNOWN = (NotImplementedError, OperationNotFoundError)  # moto raises these for an operation that it does not have

logger = logging.getLogger(__name__)
_claim = threading.Lock()  # moto's state belongs to the process, so only one local AWS at a time may use it


def import_moto() -> None:
    """Imports the parts of moto that every local AWS needs. A process that forks several of them calls this before it forks."""
    if replay.install():
        patch_libraries()
    importlib.import_module("moto.moto_server.werkzeug_app")
    importlib.import_module("moto.iam.responses")


class MotoMount:
    """A `Service` that passes calls to moto.

    moto's code needs a lock, so it runs in one worker thread. A request that changes something is answered only after it is in the
    journal. The next start replays the journal to restore moto's state.

    Parameters
    ----------
    platform : Platform
        Its ``identity`` gets a reference to this mount, because users, roles and policies are moto's records.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._journal = Journal(platform.state / "journal.db")
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="moto")
        self._loading: Future[None] | None = None
        self._thread: int | None = None
        self._moto: Any = None
        self._beginning = threading.Lock()
        self._closing = threading.Event()
        platform.identity.moto = self

    # Start and stop
    def recover(self) -> None:
        """Starts to import moto and to replay the journal, in the background. The first call of an operation does this, too."""
        with self._beginning:  # otherwise two threads could load; calls queued between the two would wait for the second one forever
            if self._loading is None:
                self._loading = self._worker.submit(self._load)

    def shutdown(self) -> None:
        """Finishes the current request or stops loading, then releases moto for another local AWS."""
        self._closing.set()
        self._worker.submit(self._unload).result()
        self._worker.shutdown()
        self._journal.close()
        self._platform.identity.close()

    def reset(self) -> None:
        """Deletes all state, as if the state folder were new."""
        self.run(self._forget)

    def _load(self) -> None:
        self._thread = threading.get_ident()
        if not _claim.acquire(blocking=False):
            raise RuntimeError("another local AWS in this process has moto already; moto's state is the process's")
        try:
            self._import()
            if len(self._journal) == 0:
                self._platform.identity.bootstrap()
            else:
                self._replay()
        except BaseException:
            self._moto = None
            _claim.release()
            raise

    def _import(self) -> None:
        # Step Functions and other parts of moto call AWS. Their calls go through the gateway.
        os.environ["MOTO_PORT"] = str(urlsplit(self._platform.endpoint).port)
        bridge.connect(self._platform)
        import_moto()
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._begin()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def _begin(self) -> None:
        """Clears moto's state and sets this local AWS's clock and seed. Also removes state that another one left in this process."""
        replay.configure(self._platform.clock, self._journal.instance(self._platform.clock.now()))
        self._clear()

    def _unload(self) -> None:
        if self._moto is not None:
            self._moto = None
            _claim.release()

    def _forget(self) -> None:
        self._journal.clear()
        self._begin()
        self._platform.identity.forget()
        self._platform.identity.bootstrap()

    @staticmethod
    def _clear() -> None:
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()

    def _replay(self) -> None:
        for entry in self._journal.entries():
            if self._closing.is_set():
                raise RuntimeError("the local AWS was stopped before its journal was replayed")
            context = replay.seeded_context(entry.time, entry.seed, service=entry.service, replaying=True, recording=list(entry.recording))
            try:
                self._execute(entry, context)
            except Exception:  # it failed the first time, too, or it was never acknowledged
                logger.info("replay of %s %s failed", entry.service, context.operation, exc_info=True)

    # Calls

    async def __call__(self, call: AwsRequest) -> Response:
        entry = await self._entry(call)
        deadline = asyncio.get_running_loop().time()
        while True:
            context = replay.seeded_context(entry.time, entry.seed, service=entry.service, request_id=call.id)
            try:
                answer = await self.run_async(lambda entry=entry, context=context: self._perform(entry, context))
            finally:
                call.operation = context.operation or call.operation
            now = asyncio.get_running_loop().time()
            if not answer.wait or now > deadline + answer.wait:
                return _response(answer, call)
            await asyncio.sleep(POLL_SECONDS)
            entry = entry.again(self._platform.clock.now())

    async def _entry(self, call: AwsRequest) -> JournalEntry:
        scope = call.request.scope
        return JournalEntry(
            time=self._platform.clock.now(),
            seed=new_seed(),
            service=call.service,
            region=call.region,
            principal=call.principal.arn,
            access_key=call.principal.access_key,
            method=scope["method"],
            path=scope["raw_path"],
            query=scope["query_string"],
            headers=wsgi.relevant(call.request.headers.items()),
            body=await call.body(),
        )

    def ask(self, service: str, action: str, region: str = "us-east-1", seed: bytes | None = None, **parameters: str) -> None:
        """Performs an operation of a query service (IAM, SNS) for the account itself, and waits until it is done.

        Parameters
        ----------
        seed : bytes, optional
            If the journal has this seed, the operation was performed before and is not performed again.

        Raises
        ------
        AwsError
            ``InternalFailure``, with the status of the service's response.
        """

        def perform() -> None:
            if seed is not None and self._journal.has(seed):
                return
            answer = self._own(service, region, form, ("content-type", "application/x-www-form-urlencoded; charset=utf-8"), seed=seed)
            if answer.status >= 400:
                what = f"{service}:{action} failed: {answer.body.decode(errors='replace')}"
                raise AwsError("InternalFailure", what, answer.status)

        form = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
        self.run(perform)

    def ask_json(self, service: str, region: str, target: str, parameters: dict) -> dict:
        """Performs an operation of a JSON service for the account itself, and returns the response.

        Parameters
        ----------
        target : str
            The header ``X-Amz-Target``, e.g. ``"AWSGlue.GetTable"``.

        Raises
        ------
        AwsError
            The service's error.
        """
        answer = self.run(lambda: self._own_json(service, region, target, parameters))
        found = json.loads(answer.body or b"{}")
        if answer.status >= 400:
            code = str(found.get("__type", "InternalFailure")).rpartition("#")[2]
            raise AwsError(code, str(found.get("message") or found.get("Message") or ""), answer.status)
        return found

    def send_event(self, region: str, event: dict) -> None:
        """Sends an event of AWS itself to EventBridge's default bus, if any bus has a rule. Returns at once.

        Parameters
        ----------
        event : dict
            An entry of PutEvents.
        """

        def deliver() -> None:
            from moto.events.models import events_backends

            buses = events_backends[self._platform.account][region].event_buses
            if not any(bus.rules for bus in buses.values()):
                return  # without rules the event has no effect, but the journal would grow with every job
            answer = self._own_json("events", region, "AWSEvents.PutEvents", {"Entries": [event]})
            if answer.status >= 400:
                logger.error("the event %s was not delivered: %s", event["DetailType"], answer.body.decode(errors="replace"))

        def logged() -> None:
            try:
                deliver()
            except Exception:
                logger.exception("the event %s was not delivered", event["DetailType"])

        self._submit(logged)

    def run(self, function: Callable[[], T]) -> T:
        """Runs ``function`` in moto's thread after the replay of the journal. Waits for the result and returns it."""
        if threading.get_ident() == self._thread:
            return function()
        return self._submit(function).result()

    async def run_async(self, function: Callable[[], T]) -> T:
        """Like `run`, but does not block the event loop."""
        return await asyncio.wrap_future(self._submit(function))

    def iam(self) -> Any:
        """moto's IAM records of the account. Read them in `run`, or copy the collections over which you iterate."""
        if threading.get_ident() != self._thread:  # moto's thread reads them during the replay; other threads wait until it is done
            self.recover()
            self._loading.result()
        from moto.iam.models import iam_backends

        return iam_backends[self._platform.account]["aws"]

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        self.recover()

        def loaded() -> T:
            self._loading.result()  # raises the error of a failed load
            return function()

        return self._worker.submit(loaded)

    # In moto's thread

    def _own_json(self, service: str, region: str, target: str, parameters: dict) -> WsgiResponse:
        headers = (("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target))
        return self._own(service, region, json.dumps(parameters).encode(), *headers)

    def _own(self, service: str, region: str, body: bytes, *headers: tuple[str, str], seed: bytes | None = None) -> WsgiResponse:
        """Performs a request for the account itself."""
        root = f"arn:aws:iam::{self._platform.account}:root"
        sent = (*headers, ("host", "localhost"))
        entry = JournalEntry(self._platform.clock.now(), seed or new_seed(), service, region, root, "", "POST", b"/", b"", sent, body)
        return self._perform(entry, replay.seeded_context(entry.time, entry.seed, service=service))

    def _perform(self, entry: JournalEntry, context: ReplayContext) -> WsgiResponse:
        """Executes a request, and adds it to the journal if it changed something.

        Raises
        ------
        AwsError
            ``NotSupportedByLocalAws``, ``InternalFailure``.
        """
        try:
            answer = self._execute(entry, context)
        except AwsError:
            raise
        except Exception as error:
            if context.used_random or not isinstance(error, _UNKNOWN):
                self._keep(entry, context)  # it may have failed half-way, and the replay must fail in the same way
            raise _failure(entry, context, error) from error
        # A failed request that used randomness had begun to make something.
        if (answer.status < 400 or context.used_random) and not context.idle:
            self._keep(entry, context)
        return answer

    def _keep(self, entry: JournalEntry, context: ReplayContext) -> None:
        if not _changes(entry, context):
            return
        if entry.service in IDENTITY_SERVICES:
            self._platform.identity.callers.forget()
        try:
            self._journal.append(replace(entry, recording=tuple(context.recording)))
        except sqlite3.Error as error:
            # A change that is not in the journal must not remain, so restore moto's state from the journal.
            self._clear()
            self._replay()
            raise AwsError("InternalFailure", f"The local AWS could not write its journal ({error}); nothing was changed.", 500) from error

    def _execute(self, entry: JournalEntry, context: ReplayContext) -> WsgiResponse:
        """Lets moto answer a request.

        Raises
        ------
        AwsError
            ``NotSupportedByLocalAws``.
        Exception
            Any exception of moto's code.
        """
        if entry.path.startswith(PRIVATE_PATHS):
            raise not_supported(entry.service, _asked(entry))
        environ = wsgi.environment(entry, self._platform.account)
        with replay.use_context(context):
            status, headers, body = wsgi.call(self._application(entry, environ), environ)
        if status in (404, 405) and not context.operation and (not body or wsgi.is_html(headers)):
            raise not_supported(entry.service, _asked(entry))
        if status >= 500 and wsgi.is_html(headers):
            raise RuntimeError(f"moto answered {status} with a web page")
        return WsgiResponse(status, headers, body, context.operation, context.wait)

    def _application(self, entry: JournalEntry, environ: dict) -> Callable:
        host = self._moto.infer_service_region_host(environ, environ["PATH_INFO"])
        backend = self._moto.get_backend_for_host(host) if host else None
        if backend in (None, "s3"):  # moto treats every host that begins with s3 as S3, but S3 has its own package
            raise not_supported(entry.service, _asked(entry))
        return self._moto.get_application(environ)


def _failure(entry: JournalEntry, context: ReplayContext, error: Exception) -> AwsError:
    operation = context.operation or _asked(entry)
    if isinstance(error, _UNKNOWN):
        return not_supported(entry.service, operation)
    logger.error("moto failed in %s:%s", entry.service, operation, exc_info=error)
    return AwsError(
        "InternalFailure",
        f"The local AWS failed in {entry.service}:{operation} ({type(error).__name__}: {error}). Its log has the details.",
        status=500,
    )


def _changes(entry: JournalEntry, context: ReplayContext) -> bool:
    """Whether the request may have changed moto's state. In doubt, the answer is True."""
    if not context.operation:
        return entry.method not in READ_METHODS or context.used_random
    if canned.is_stateless(entry.service, context.operation):
        return False
    return not context.operation.startswith(READS) or context.used_random


def _asked(entry: JournalEntry) -> str:
    """The requested operation, if moto has not found it. For a REST service that botocore does not know: method and path."""
    if target := dict(entry.headers).get("x-amz-target"):
        return target.rpartition(".")[2]
    from botocore.exceptions import UnknownServiceError
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    try:
        operation, _ = get_service_router(entry.service).match(Request(wsgi.environment(entry, "")))
    except (UnknownServiceError, HTTPException, NotImplementedError):
        return f"{entry.method} {entry.path.decode('latin-1')}"
    return operation.name


def _response(answer: WsgiResponse, call: AwsRequest) -> Response:
    response = Response(answer.body, answer.status)
    kept = [(name.lower(), value) for name, value in answer.headers if name.lower() not in ANSWER_HEADERS_DROPPED]
    if wsgi.is_html(answer.headers):  # Flask's default if moto sets no content type
        kept = [(name, value) for name, value in kept if name != "content-type"]
        kept.append(("content-type", "application/json" if answer.body[:1] in (b"{", b"[") else "text/xml"))
    if canned.is_record(call.service, answer.operation):
        kept.append(("x-local-aws", "record"))
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]
    length = dict(answer.headers).get("Content-Length") if call.request.method == "HEAD" else None
    response.headers["content-length"] = length or str(len(answer.body))
    return response
