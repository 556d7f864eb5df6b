"""One execution environment: a process in a box that answers one invocation at a time (`runtime`).

They exchange two files in the box's folder: ``request`` (a line of JSON, then the event) and ``answer``. One byte in the named pipe
``bell`` says that there is a request. A line of output that begins with a secret token says that there is an answer, so everything that the
function printed before has arrived by then. When the local AWS ends in any way, the box ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import stat
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.names import FunctionReference
from course.localaws.core import json_text, sdk_environment
from course.localaws.jobs.boxes import BoxSpec, make_box
from course.localaws.jobs.control import ServerShuttingDown
from course.localaws.platform import Platform
from course.sandbox.box import best_mode
from course.sandbox.mounts import BindMount
from course.sandbox.process import BoxProcess
from course.sandbox.trees import remove

KIND = "lambda"  # a part of the names of its folders below the state's ``boxes``
TASK = Path("/var/task")
RUNTIME = Path(__file__).with_name("runtime.py")
UNLIMITED = 1 << 50  # bytes of output; an environment may answer for hours
CREDENTIAL_SECONDS = 12 * 3600.0
MOST_WAITING = 1000  # batches of lines; then the function waits, e.g. a thread that prints between invocations
SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}  # in Go's words

OnLines = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a start or an invocation.

    Attributes
    ----------
    payload : bytes
        The handler's result, or the error as JSON.
    failed : bool
    memory : int
        Bytes, the largest resident size of the process so far.
    status : str
        ``""``, ``"timeout"`` or ``"error"``: the environment has ended.
    error_type : str
        With the status ``"error"``.
    """

    payload: bytes = b""
    failed: bool = False
    memory: int = 0
    status: str = ""
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class RuntimeMessage:
    """What the runtime says after its token: bytes of memory, and whether the handler failed, which is None before the first invocation."""

    memory: int
    failed: bool | None

    @classmethod
    def of(cls, text: str) -> RuntimeMessage:
        """Raises ValueError for what the runtime does not write: the function, which knows the token, wrote it."""
        message = json_text.load(text)
        memory, failed = (message.get("memory"), message.get("failed")) if isinstance(message, dict) else (None, None)
        if type(memory) is not int or not (failed is None or isinstance(failed, bool)):
            raise ValueError("not a message of the runtime")
        return cls(memory, failed)


class ExecutionEnvironment:
    """An environment of one version of a function. Only the pool's threads use it, one at a time.

    Parameters
    ----------
    platform : Platform
    function : FunctionReference
        With the version as qualifier.
    configuration : dict
        The version's configuration.
    code : Path
        The folder of its unpacked package.

    Attributes
    ----------
    revision : str
        The revision id of the configuration.
    package : str
        The id of the package.
    stream : str
        Its log stream.
    """

    def __init__(self, platform: Platform, function: FunctionReference, configuration: dict, code: Path) -> None:
        self._platform, self.function, self._configuration, self._code = platform, function, configuration, code
        self.revision, self.package = configuration["RevisionId"], configuration["_Package"]
        day = time.strftime("%Y/%m/%d", time.gmtime(platform.clock.now()))
        self.stream = f"{day}/[{function.qualifier}]{secrets.token_hex(16)}"
        self.expires = platform.clock.now() + CREDENTIAL_SECONDS
        self._folder = platform.state / "boxes" / f"{KIND}.{uuid.uuid4().hex}"
        self._token = secrets.token_hex(16)
        self._output: queue.Queue[list[str] | None] = queue.Queue(MOST_WAITING)  # batches of lines; None: the process has ended
        self._rest: list[str] = []  # lines that were printed after the last answer
        self._ending = threading.Event()
        self._running: BoxProcess | None = None
        self._bell = -1
        self._memory = 0

    @property
    def cold(self) -> bool:
        """Whether it has not been started."""
        return self._running is None

    @property
    def ended(self) -> bool:
        return self._ending.is_set() or self._running is None or self._running.exit_code is not None

    def start(self, seconds: float, on_lines: OnLines, request_id: str) -> Answer:
        """Start the process and wait until it has imported the handler, at most ``seconds``. Raises ServerShuttingDown."""
        self._folder.mkdir(mode=0o700)
        root = self._folder / "ml"
        root.mkdir()
        os.mkfifo(root / "bell")
        self._bell = os.open(root / "bell", os.O_RDWR | os.O_NONBLOCK)  # so that no opening waits for the other side
        rewriting = best_mode() != "namespace"  # then the code is copied, and its paths are replaced; otherwise it is read-only
        spec = BoxSpec(
            self._folder,
            self._variables(),
            binds=[BindMount(self._code, TASK, layer=rewriting)],
            memory=self._configuration["MemorySize"] << 20,
            output=UNLIMITED,
        )
        self._box = make_box(self._platform, spec)
        self._running = self._box.start(["python3", "-P", str(RUNTIME), "/opt/ml", self._token], self._receive, str(TASK))
        threading.Thread(target=self._watch, name="lambda", daemon=True).start()
        answer = self._wait(seconds, on_lines, request_id)
        if answer.failed and not answer.status:  # the runtime ends after it has reported the error
            self.end()
            answer = replace(answer, status="error", error_type=described(answer.payload, "errorType"))
        return answer

    def invoke(self, request: dict, payload: bytes, seconds: float, on_lines: OnLines) -> Answer:
        """Answer one invocation. After ``seconds``, the environment is ended.

        Parameters
        ----------
        request : dict
            ``id``, ``arn`` and ``client_context``; the deadline is added.

        Raises
        ------
        ServerShuttingDown
        """
        document = json.dumps(request | {"deadline": time.time() + seconds}).encode()
        try:
            with os.fdopen(self._open("request", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
                file.write(document + b"\n" + payload)
        except OSError:  # the function has replaced the file by a pipe or a link
            return self._exited(request["id"])
        os.write(self._bell, b"\n")
        return self._wait(seconds, on_lines, request["id"])

    def end(self) -> None:
        """End the process and remove its folder. May be called at any time, also twice."""
        self._ending.set()
        with contextlib.suppress(queue.Full):
            self._output.put_nowait(None)  # wakes a thread that waits
        if self._running is not None:
            self._running.kill()
        bell, self._bell = self._bell, -1
        if bell >= 0:
            os.close(bell)
        remove(self._folder)

    def _wait(self, seconds: float, on_lines: OnLines, request_id: str) -> Answer:
        deadline = time.monotonic() + seconds
        while True:
            try:
                lines = self._rest or self._output.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return self._timed_out(request_id)
            if self._ending.is_set():
                raise ServerShuttingDown
            if lines is None:
                return self._exited(request_id)
            self._rest = []
            end = self._end_of_output(lines)
            on_lines([self._box.as_inside(line) for line in lines[:end]])
            if end < len(lines):
                self._rest = lines[end + 1 :]
                try:
                    message = RuntimeMessage.of(lines[end][len(self._token) :])
                    self._memory = max(self._memory, message.memory)
                    return Answer(memory=self._memory) if message.failed is None else self._answer(message.failed)
                except (ValueError, OSError):  # the function wrote the message, or removed or replaced the answer
                    return self._exited(request_id)

    def _answer(self, failed: bool) -> Answer:
        file = self._open("answer", os.O_RDONLY)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit("response"):
                message = f"Response payload size exceeded maximum allowed payload size ({limit('response')} bytes)."
                return Answer(_error("Function.ResponseSizeTooLarge", message), True, self._memory)
            with os.fdopen(os.dup(file), "rb") as reader:
                payload = reader.read(limit("response"))
        finally:
            os.close(file)
        if failed:
            payload = self._box.as_inside(payload.decode(errors="replace")).encode()
        return Answer(payload, failed, self._memory)

    def _timed_out(self, request_id: str) -> Answer:
        self.end()
        message = f"RequestId: {request_id} Error: Task timed out after {self._configuration['Timeout']:.2f} seconds"
        return Answer(_error("Sandbox.Timedout", message), True, self._memory, "timeout")

    def _exited(self, request_id: str) -> Answer:
        code, exceeded = self._running.exit_code, self._running.limit
        self.end()
        if exceeded == "memory":
            self._memory = self._configuration["MemorySize"] << 20
            kind, reason = "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
        else:
            kind, reason = "Runtime.ExitError", _reason(code)
        return Answer(_error(kind, f"RequestId: {request_id} Error: {reason}"), True, self._memory, "error", kind)

    def _open(self, name: str, flags: int) -> int:
        """Open a file that the function may have replaced, but never one that a link leads to. Does not wait for a pipe's other side."""
        return os.open(self._folder / "ml" / name, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def _receive(self, lines: list[str]) -> None:
        """In the box's thread. The runtime puts a line end before its token, which may have made an empty line."""
        end = self._end_of_output(lines)
        if 0 < end < len(lines) and not lines[end - 1]:
            del lines[end - 1]
        self._put(lines)

    def _end_of_output(self, lines: list[str]) -> int:
        """The place of the runtime's message; the number of lines if there is none."""
        return next((place for place, line in enumerate(lines) if line.startswith(self._token)), len(lines))

    def _watch(self) -> None:
        with contextlib.suppress(Exception):  # the box failed; the exit code says so
            self._running.wait()
        self._put(None)

    def _put(self, lines: list[str] | None) -> None:
        while not self._ending.is_set():
            try:
                self._output.put(lines, timeout=0.5)
                return
            except queue.Full:
                continue

    def _variables(self) -> dict[str, str]:
        """The variables of the process: the local AWS with the role's credentials, the function's own, and those that AWS sets."""
        platform, configuration, region = self._platform, self._configuration, self.function.region
        credential = platform.identity.issue(configuration["Role"], self.function.name, CREDENTIAL_SECONDS, inside=True)
        base = sdk_environment.variables(platform.state, platform.endpoint, {}, credential)
        own = configuration.get("Environment", {}).get("Variables", {})
        paths = [part for each in (own, base) for part in each.get("PYTHONPATH", "").split(os.pathsep) if part]
        return (
            base
            | own
            | {
                "PYTHONPATH": os.pathsep.join(paths),
                "TZ": own.get("TZ", ":UTC"),
                "_HANDLER": configuration["Handler"],
                "AWS_DEFAULT_REGION": region,
                "AWS_REGION": region,
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
                "AWS_LAMBDA_FUNCTION_NAME": self.function.name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
                "AWS_LAMBDA_FUNCTION_VERSION": self.function.qualifier,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "AWS_LAMBDA_LOG_GROUP_NAME": configuration["LoggingConfig"]["LogGroup"],
                "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
                "LAMBDA_TASK_ROOT": str(TASK),
                "LAMBDA_RUNTIME_DIR": "/var/runtime",
            }
        )


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()


def described(payload: bytes, member: str) -> str:
    """``errorType`` or ``errorMessage`` of an error; ``"Unknown"`` if the function wrote it and left that out."""
    try:
        error = json_text.load(payload)
    except ValueError:
        error = None
    found = error.get(member) if isinstance(error, dict) else None
    return found if isinstance(found, str) else "Unknown"


def _reason(code: int | None) -> str:
    if not code:
        return "Runtime exited without providing a reason"
    if code > 128:
        return f"Runtime exited with error: signal: {SIGNALS.get(code - 128, code - 128)}"
    return f"Runtime exited with error: exit status {code}"
