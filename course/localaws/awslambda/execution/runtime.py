"""The program in an execution environment: imports the handler once, then calls it for each invocation.

It imports nothing of the course. `environment` starts it as ``python3 runtime.py FOLDER TOKEN``, and describes what the two exchange.
Errors, their JSON and the logger's format are those of AWS's runtime, version 3 (``awslambdaric/bootstrap.py``).
"""

# pathlib and the like would take longer to import than the rest of the start.
# ruff: noqa: PTH100, PTH118, PTH123
from __future__ import annotations

import base64
import contextlib
import decimal
import importlib
import json
import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable

RUNTIME_FILES = (os.path.abspath(__file__), "<frozen importlib")
BLANK = "\u00a0"  # AWS indents tracebacks with it
Handler = Callable[[object, object], object]
request_id = ""


class Fault(Exception):
    """An error of the runtime itself: its type and message are what the caller gets."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind, self.trace = kind, trace or []


class Identity:
    """The Cognito identity of the caller; there is none here."""

    cognito_identity_id = cognito_identity_pool_id = None


class Client:
    """The members of ``client`` in a client context."""

    def __init__(self, members: dict) -> None:
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, members.get(name))


class ClientContext:
    """What the caller gave as ``ClientContext``."""

    def __init__(self, members: dict) -> None:
        self.custom, self.env = members.get("custom"), members.get("env")
        self.client = Client(members["client"]) if isinstance(members.get("client"), dict) else None


class LambdaContext:
    """The handler's second argument."""

    def __init__(self, request: dict) -> None:
        self.aws_request_id = request["id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = request["arn"]
        self.tenant_id = None
        self.client_context = _client_context(request["client_context"])
        self.identity = Identity()
        self._deadline = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))


class RequestIds(logging.Filter):
    """Gives each record the id of the invocation."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = request_id
        return True


class OneEvent(logging.Formatter):
    """A record is one event in the log, even if it has several lines: carriage returns separate them."""

    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\n", "\r")


class Encoder(json.JSONEncoder):
    """JSON with decimal numbers, as AWS's runtime writes it."""

    def default(self, value: object) -> object:
        if isinstance(value, decimal.Decimal):
            return float(value) if value % 1 or not value.is_finite() else int(value)
        return super().default(value)


def _client_context(text: str) -> ClientContext | None:
    if not text:
        return None
    try:
        return ClientContext(json.loads(base64.b64decode(text)))
    except Exception as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse Client Context JSON: {error}") from None


def set_up_logging() -> None:
    """Make the root logger write as on AWS. A function's own ``basicConfig`` has no effect, as there."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneEvent("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(RequestIds())
    logging.getLogger().addHandler(handler)


def find_handler(name: str) -> Handler:
    """Import the handler. Raises Fault, or what its module raises."""
    module_name, _, function = name.rpartition(".")
    if not module_name:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from None
    try:
        return getattr(module, function)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'") from None


def described(error: Exception) -> dict:
    """The error as the caller gets it, without the frames of this file."""
    if isinstance(error, Fault):
        return {"errorMessage": str(error), "errorType": error.kind, "requestId": request_id, "stackTrace": error.trace}
    frames = traceback.extract_tb(error.__traceback__)
    first = next((place for place, frame in enumerate(frames) if not frame.filename.startswith(RUNTIME_FILES)), 0)
    trace = traceback.format_list([(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames[first:]])
    return {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id, "stackTrace": trace}


def log_error(error: dict) -> None:
    """Print an error as one event."""
    head = ": ".join(part for part in (error["errorType"], error["errorMessage"]) if part)
    lines = [f"[ERROR] {head}", "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            bare = line.lstrip(" ")
            lines.append(BLANK * (len(line) - len(bare)) + bare)
    print("\r".join(line.replace("\n", "\r") for line in lines), flush=True)


class Channel:
    """The way to the local AWS.

    Parameters
    ----------
    folder, token : str
        See `environment`.
    """

    def __init__(self, folder: str, token: str) -> None:
        self._folder, self._token = folder, token
        self._output = os.dup(1)  # the handler may close or redirect its own
        self._bell = os.open(os.path.join(folder, "bell"), os.O_RDONLY)

    def next(self) -> tuple[dict, bytes]:
        """Wait for an invocation."""
        if not os.read(self._bell, 1):
            os._exit(0)  # the local AWS has ended
        with open(os.path.join(self._folder, "request"), "rb") as file:
            return json.loads(file.readline()), file.read()

    def answer(self, failed: bool, payload: bytes) -> None:
        """Give an answer, after everything that was printed."""
        with open(os.path.join(self._folder, "answer"), "wb") as file:
            file.write(payload)
        self._say({"failed": failed})

    def ready(self) -> None:
        self._say({})

    def _say(self, message: dict) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # the handler closed it
                stream.flush()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        message["memory"] = peak if sys.platform == "darwin" else peak * 1024  # bytes
        os.write(self._output, f"\n{self._token} {json.dumps(message)}\n".encode())


def call(handler: Handler, request: dict, payload: bytes) -> tuple[bool, bytes]:
    """Call the handler. Returns whether it failed, and its answer or its error as JSON."""
    try:
        context = LambdaContext(request)
        try:
            event = json.loads(payload)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
        result = handler(event, context)
        if isinstance(result, bytes):
            return False, result
        try:
            return False, Encoder().encode(result).encode()
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    except Exception as error:
        found = described(error)
        log_error(found)
        return True, json.dumps(found).encode()


def main() -> None:
    """Import the handler, then answer invocations until the environment ends."""
    global request_id
    channel = Channel(*sys.argv[1:])
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    set_up_logging()
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except Exception as error:
        found = described(error)
        log_error(found)
        channel.answer(True, json.dumps(found).encode())
        sys.exit(1)
    channel.ready()
    while True:
        request, payload = channel.next()
        request_id = request["id"]
        channel.answer(*call(handler, request, payload))


if __name__ == "__main__":
    main()
