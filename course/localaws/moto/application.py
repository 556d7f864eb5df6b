"""moto's own application: imports it, lets it answer one request, and clears its state. The caller provides thread and journal."""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable
from typing import Any

from botocore.model import OperationNotFoundError

from course.localaws.core.errors import AwsError, not_supported
from course.localaws.moto import canned, replay, wsgi
from course.localaws.moto.journal import JournalEntry
from course.localaws.moto.patches import patch_libraries
from course.localaws.moto.replay import ReplayContext
from course.localaws.moto.wsgi import WsgiResponse
from course.localaws.protocol import depth_errors

READS = ("Describe", "List", "Get", "Head", "BatchGet", "BatchDescribe", "Search", "Query", "Scan", "Select", "Lookup", "Simulate")
READS += ("Validate", "Check", "Test", "Estimate", "Preview", "Filter", "Discover", "Detect")
READ_METHODS = ("GET", "HEAD", "OPTIONS")
PRIVATE_PATHS = (b"/moto-api", b"/latest/meta-data/", b"/latest/api/")  # moto's control API, and the instance metadata service
_MISSING = (NotImplementedError, OperationNotFoundError)  # moto raises these for an operation that it does not have

logger = logging.getLogger(__name__)


def import_moto() -> None:
    """Imports the parts of moto that every local AWS needs. A process that forks several of them calls this before it forks."""
    if replay.install():
        patch_libraries()
    importlib.import_module("moto.moto_server.werkzeug_app")
    importlib.import_module("moto.iam.responses")


class MotoApplication:
    """moto's application for one account. The first one in a process imports moto."""

    def __init__(self, account: str) -> None:
        import_moto()
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._account = account
        self._dispatcher: Any = DomainDispatcherApplication(create_backend_app)

    @staticmethod
    def clear() -> None:
        """Deletes moto's state."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()

    def execute(self, entry: JournalEntry, context: ReplayContext) -> WsgiResponse:
        """Lets moto answer a request.

        Raises
        ------
        AwsError
            ``NotSupportedByLocalAws``.
        Exception
            Any exception of moto's code.
        """
        if entry.path.startswith(PRIVATE_PATHS):
            raise not_supported(entry.service, requested_operation(entry))
        environ = wsgi.environment(entry, self._account)
        with replay.use_context(context):
            status, headers, body = wsgi.call(self._backend(entry, environ), environ)
        if status in (404, 405) and not context.operation and (not body or wsgi.is_html(headers)):
            raise not_supported(entry.service, requested_operation(entry))
        if status >= 500 and wsgi.is_html(headers):
            raise RuntimeError(f"moto answered {status} with a web page")
        return WsgiResponse(status, headers, body, context.operation, context.wait)

    def _backend(self, entry: JournalEntry, environ: dict) -> Callable:
        host = self._dispatcher.infer_service_region_host(environ, environ["PATH_INFO"])
        backend = self._dispatcher.get_backend_for_host(host) if host else None
        if backend in (None, "s3"):  # moto treats every host that begins with s3 as S3, but S3 has its own package
            raise not_supported(entry.service, requested_operation(entry))
        return self._dispatcher.get_application(environ)


def is_missing(error: Exception) -> bool:
    """Whether moto's code raised ``error`` because it does not have the operation."""
    return isinstance(error, _MISSING)


def failure(entry: JournalEntry, context: ReplayContext, error: Exception) -> AwsError:
    """The error for a caller whose request made moto's code raise ``error``."""
    operation = context.operation or requested_operation(entry)
    if is_missing(error):
        return not_supported(entry.service, operation)
    if isinstance(error, RecursionError):
        return depth_errors.of(entry.service, operation)
    logger.error("moto failed in %s:%s", entry.service, operation, exc_info=error)
    return AwsError(
        "InternalFailure",
        f"The local AWS failed in {entry.service}:{operation} ({type(error).__name__}: {error}). Its log has the details.",
        status=500,
    )


def may_change(entry: JournalEntry, context: ReplayContext) -> bool:
    """Whether the request may have changed moto's state. In doubt, the answer is True."""
    if not context.operation:
        return entry.method not in READ_METHODS or context.used_random
    if canned.is_stateless(entry.service, context.operation):
        return False
    return not context.operation.startswith(READS) or context.used_random


def requested_operation(entry: JournalEntry) -> str:
    """The requested operation, if moto has not found it. For a REST service that botocore does not know: method and path."""
    if target := dict(entry.headers).get("x-amz-target"):
        return target.rpartition(".")[2]
    from botocore.exceptions import UnknownServiceError
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    for name in (entry.service, entry.service.replace("-", "")):  # botocore calls access-analyzer "accessanalyzer"
        with contextlib.suppress(UnknownServiceError, HTTPException, NotImplementedError):
            operation, _ = get_service_router(name).match(Request(wsgi.environment(entry, "")))
            return operation.name
    return f"{entry.method} {entry.path.decode('latin-1')}"
