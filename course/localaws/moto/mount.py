"""moto behind the gateway: runs all AWS services without their own package, in this process, one request at a time, durably."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from course.localaws.core import lanes
from course.localaws.core.call import AwsRequest, root
from course.localaws.core.errors import AwsError
from course.localaws.core.quota import QuotaReached
from course.localaws.moto import application, bridge, expressions, replay, wsgi
from course.localaws.moto import stacks as _stacks  # noqa: F401 - changes moto's stacks when it is imported
from course.localaws.moto import subscriptions as _subscriptions  # noqa: F401 - changes moto's topics when it is imported
from course.localaws.moto.application import MotoApplication
from course.localaws.moto.journal import Journal, JournalEntry, new_seed
from course.localaws.moto.replay import ReplayContext
from course.localaws.moto.wsgi import WsgiResponse
from course.localaws.protocol import quota_errors

if TYPE_CHECKING:
    from course.localaws.platform import Platform

T = TypeVar("T")

IDENTITY_SERVICES = ("iam", "cloudformation")  # they change users, roles and policies
FORM_TYPE = "application/x-www-form-urlencoded"
FORM = f"{FORM_TYPE}; charset=utf-8"
MOST_FIELDS = 2000  # of a form. moto compares each with all: ten thousand keep its only thread busy for minutes
POLL_SECONDS = 0.1  # between two polls of a queue while a caller waits

_CODE = re.compile(rb"<Code>([\w.]+)</Code>")  # in the error of a query service

logger = logging.getLogger(__name__)
_claim = threading.Lock()  # moto's state belongs to the process, so only one local AWS at a time may use it


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
        self._worker = lanes.OneThread("moto")
        self._loading: Future[None] | None = None
        self._thread: int | None = None
        self._application: MotoApplication | None = None
        self._beginning = threading.Lock()
        self._closing = threading.Event()
        platform.identity.moto = self

    # Start and stop

    def recover(self) -> None:
        """Starts to import moto and to replay the journal, in the background. The first call of an operation does this, too."""
        with self._beginning:  # otherwise two threads could load; calls queued between the two would wait for the second one forever
            if self._loading is None:
                with lanes.lane(first=True):  # before any request
                    self._loading = self._worker.submit(self._load)

    @property
    def loaded(self) -> bool:
        """Whether moto is imported and its journal replayed, so that its records can be read."""
        return self._application is not None and self._loading is not None and self._loading.done()

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
                self._platform.identity.complete_roles()
        except BaseException:
            self._application = None
            _claim.release()
            raise

    def _import(self) -> None:
        # Step Functions and other parts of moto call AWS. Their calls go through the gateway.
        os.environ["MOTO_PORT"] = str(urlsplit(self._platform.endpoint).port)
        bridge.connect(self._platform)
        expressions.connect(self._platform.expressions)
        moto = MotoApplication(self._platform.account)
        self._begin()
        self._application = moto

    def _begin(self) -> None:
        """Clears moto's state and sets this local AWS's clock and seed. Also removes state that another one left in this process."""
        replay.configure(self._platform.clock, self._journal.instance(self._platform.clock.now()))
        MotoApplication.clear()

    def _unload(self) -> None:
        if self._application is not None:
            self._application = None
            _claim.release()

    def _forget(self) -> None:
        self._journal.clear()
        self._begin()
        self._platform.identity.forget()
        self._platform.identity.bootstrap()

    def _replay(self) -> None:
        for entry in self._journal.entries():
            if self._closing.is_set():
                raise RuntimeError("the local AWS was stopped before its journal was replayed")
            context = replay.seeded_context(entry.time, entry.seed, service=entry.service, replaying=True, recording=list(entry.recording))
            try:
                self._application.execute(entry, context)
            except Exception:  # it failed the first time, too, or it was never acknowledged
                logger.info("replay of %s %s failed", entry.service, context.operation, exc_info=True)

    # Calls

    async def __call__(self, call: AwsRequest) -> Response:
        entry = await self._entry(call)
        deadline = asyncio.get_running_loop().time()
        while True:
            admit = partial(self._admit, entry, authorized=call.operation)
            context = replay.seeded_context(entry.time, entry.seed, service=entry.service, request_id=call.id, admit=admit)
            try:
                answer = await self.run_async(lambda entry=entry, context=context: self._perform(entry, context))
            finally:
                call.operation = context.operation or call.operation
            now = asyncio.get_running_loop().time()
            if not answer.wait or now > deadline + answer.wait:
                return wsgi.http_response(answer, call)
            await asyncio.sleep(POLL_SECONDS)
            entry = entry.again(self._platform.clock.now())

    def _admit(self, entry: JournalEntry, operation: str, authorized: str = "") -> None:
        """Raises the operation's error when it would keep more than the quota allows: moto's journal has every body.

        Also refuses an operation other than ``authorized``, for which the caller's policies were checked.
        """
        if authorized and operation and operation != authorized:
            raise AwsError("SerializationException", f"The request names two operations, {authorized} and {operation}.")
        try:
            self._platform.quota.admit_request(operation, len(entry.body))
        except QuotaReached as error:
            raise quota_errors.of(entry.service, operation, error) from None

    async def _entry(self, call: AwsRequest) -> JournalEntry:
        scope, body = call.request.scope, await call.body()
        _check_fields(scope["query_string"], body if call.headers.get("content-type", "").startswith(FORM_TYPE) else b"")
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
            body=body,
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
            The service's error, with its whole answer as the message.
        """

        form = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
        answer = self.run(lambda: self._as_account(service, region, form, ("content-type", FORM), seed=seed))
        if answer.status >= 400:
            what = f"{service}:{action} failed: {answer.body.decode(errors='replace')}"
            code = _CODE.search(answer.body)
            raise AwsError(code[1].decode() if code else "InternalFailure", what, answer.status)

    def ask_json(self, service: str, region: str, target: str, parameters: dict, seed: bytes | None = None) -> dict:
        """Performs an operation of a JSON service for the account itself, and returns the response.

        Parameters
        ----------
        target : str
            The header ``X-Amz-Target``, e.g. ``"AWSGlue.GetTable"``.
        seed : bytes, optional
            If the journal has this seed, the operation was performed before and is not performed again; the response is then empty.

        Raises
        ------
        AwsError
            The service's error.
        """
        headers = (("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target))
        body = json.dumps(parameters).encode()
        answer = self.run(lambda: self._as_account(service, region, body, *headers, seed=seed))
        found = json.loads(answer.body or b"{}")
        if answer.status >= 400:
            code = str(found.get("__type", "InternalFailure")).rpartition("#")[2]
            raise AwsError(code, str(found.get("message") or found.get("Message") or ""), answer.status)
        return found

    def run(self, function: Callable[[], T]) -> T:
        """Runs ``function`` in moto's thread after the replay of the journal. Waits for the result and returns it."""
        if threading.get_ident() == self._thread:
            return function()
        return self.submit(function).result()

    async def run_async(self, function: Callable[[], T]) -> T:
        """Like `run`, but does not block the event loop."""
        return await asyncio.wrap_future(self.submit(function))

    def iam(self) -> Any:
        """moto's IAM records of the account. Read them in `run`, or copy the collections over which you iterate."""
        if threading.get_ident() != self._thread:  # moto's thread reads them during the replay; other threads wait until it is done
            self.recover()
            self._loading.result()
        from moto.iam.models import iam_backends

        return iam_backends[self._platform.account]["aws"]

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Like `run`, but does not wait. Raises RuntimeError after `shutdown`."""
        self.recover()

        def loaded() -> T:
            self._loading.result()  # raises the error of a failed load
            return function()

        return self._worker.submit(loaded)

    # In moto's thread

    def _as_account(self, service: str, region: str, body: bytes, *headers: tuple[str, str], seed: bytes | None = None) -> WsgiResponse:
        """Performs a request for the account itself. If the journal has the seed, does nothing and returns an empty response."""
        if seed is not None and self._journal.has(seed):
            return WsgiResponse(200, (), b"")
        sent = (*headers, ("host", "localhost"))
        entry = JournalEntry(
            self._platform.clock.now(), seed or new_seed(), service, region, root(self._platform.account), "", "POST", b"/", b"", sent, body
        )
        context = replay.seeded_context(entry.time, entry.seed, service=service)
        if service not in IDENTITY_SERVICES:  # the account's own role is made whatever the quota
            context.admit = partial(self._admit, entry)
        return self._perform(entry, context)

    def _perform(self, entry: JournalEntry, context: ReplayContext) -> WsgiResponse:
        """Executes a request, and adds it to the journal if it changed something.

        Raises
        ------
        AwsError
            ``NotSupportedByLocalAws``, ``InternalFailure``.
        """
        try:
            answer = self._application.execute(entry, context)
        except AwsError:
            raise
        except Exception as error:
            if context.used_random or not application.is_missing(error):
                self._keep(entry, context)  # it may have failed half-way, and the replay must fail in the same way
            raise application.failure(entry, context, error) from error
        # A failed request that used randomness had begun to make something.
        if (answer.status < 400 or context.used_random) and not context.idle:
            self._keep(entry, context)
        return answer

    def _keep(self, entry: JournalEntry, context: ReplayContext) -> None:
        if not application.may_change(entry, context):
            return
        if entry.service in IDENTITY_SERVICES:
            self._platform.identity.callers.forget()
        try:
            self._journal.append(replace(entry, recording=tuple(context.recording)))
        except sqlite3.Error as error:
            # A change that is not in the journal must not remain, so restore moto's state from the journal.
            MotoApplication.clear()
            self._replay()
            raise AwsError("InternalFailure", f"The local AWS could not write its journal ({error}); nothing was changed.", 500) from error


def _check_fields(*forms: bytes) -> None:
    """Raises ``ValidationError`` for a request of a query service with more fields than any of AWS's operations needs."""
    fields = sum(form.count(b"&") + 1 for form in forms if form)
    if fields > MOST_FIELDS:
        raise AwsError("ValidationError", f"The request has {fields:,} fields; the local AWS reads at most {MOST_FIELDS:,}.")
