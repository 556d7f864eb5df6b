"""A child process that answers calls, for work that would keep the gateway's process busy or would need large packages in it.

The two sides exchange lines of JSON over the child's standard input and output. While the child works on a call, it may ask its parent
for something, for example for the file of an S3 object. The child is started by the first call and ends when it was idle for some time, or
when its standard input closes. So it never outlives the local AWS, except by the processor time that a call may use.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

IDLE_SECONDS = 60.0
ENDED = "ended"  # the kind of error when the child ended during a call
_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ")
Functions = Mapping[str, Callable[..., Any]]


class HelperError(Exception):
    """A call failed.

    Attributes
    ----------
    kind : str
        The name of the exception's class in the other process; `ENDED` if the child ended during the call.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class HelperProcess:
    """The parent's side. One call runs at a time. May be used from any thread.

    Parameters
    ----------
    module : str
        The child's module. Its main part calls `serve`.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._calling = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._timer: threading.Timer | None = None

    def call(self, name: str, asked: Functions | None = None, /, **arguments: Any) -> Any:
        """Call a function of the child.

        Parameters
        ----------
        asked : dict of str to function
            What the child may ask while it works on this call.
        arguments
            Values that JSON can hold.

        Raises
        ------
        HelperError
        """
        with self._calling:
            self._keep_alive(None)
            process = self._running()
            try:
                return self._converse(process, {"call": name, "arguments": arguments}, asked or {})
            except (OSError, ValueError) as error:  # ValueError: it was killed in the middle of a line
                self._end()
                raise HelperError(ENDED, f"the helper process ended: {error}") from error
            except HelperError as error:
                if error.kind == ENDED:
                    self._end()
                raise
            finally:
                self._keep_alive(IDLE_SECONDS)

    def stop(self) -> None:
        """End the child, also during a call, which then fails."""
        if process := self._process:
            process.kill()
        with self._calling:
            self._keep_alive(None)
            self._end()

    def _running(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self._end()
            kept = {name: value for name, value in os.environ.items() if name in _KEPT}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=kept | {"ARROW_DEFAULT_MEMORY_POOL": "system"},
            )
        return self._process

    def _converse(self, process: subprocess.Popen, request: dict, asked: Functions) -> Any:
        _send(process.stdin, request)
        while line := process.stdout.readline():
            message = json.loads(line)
            if "ask" not in message:
                return _result(message)
            _send(process.stdin, _answer(asked, message["ask"], message["arguments"]))
        raise HelperError(ENDED, "the helper process ended before it answered")

    def _end(self) -> None:
        if process := self._process:
            self._process = None
            process.kill()
            for stream in (process.stdin, process.stdout):
                stream.close()
            process.wait()

    def _end_if_idle(self, process: subprocess.Popen | None) -> None:
        with self._calling:
            if process is self._process:
                self._end()

    def _keep_alive(self, seconds: float | None) -> None:
        """Start the time after which an idle child ends, or stop it."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and self._process is not None:
            self._timer = threading.Timer(seconds, self._end_if_idle, (self._process,))
            self._timer.daemon = True
            self._timer.start()


class Parent:
    """What the child can ask its parent. May be used from any thread."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._asking = threading.Lock()

    def ask(self, name: str, **arguments: Any) -> Any:
        """Ask one of the functions that the parent offered with its call. Raises HelperError."""
        with self._asking:
            _send(self._outgoing, {"ask": name, "arguments": arguments})
            line = self._incoming.readline()
        if not line:
            os._exit(1)
        return _result(json.loads(line))


def serve(functions: Functions, seconds: float = 0.0) -> None:
    """The child's main function: answer calls until the parent ends. Each function gets the `Parent` first.

    Parameters
    ----------
    seconds : float
        The processor time that one call may use. Then the kernel ends this process, also in the middle of a C function. 0: no limit.
    """
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the lines
    parent = Parent(incoming, outgoing)
    while line := incoming.readline():
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)  # SIGVTALRM, which ends a process that does not handle it
        answer = _answer(functions, request["call"], request["arguments"], parent)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        _send(outgoing, answer)
    os._exit(0)


def _answer(functions: Functions, name: str, arguments: dict, *first: Parent) -> dict:
    try:
        return {"result": functions[name](*first, **arguments)}
    except Exception as error:
        code = getattr(error, "code", None) or getattr(error, "kind", None)
        return {"error": code if isinstance(code, str) else type(error).__name__, "message": str(error)}


def _result(message: dict) -> Any:
    if "error" in message:
        raise HelperError(message["error"], message["message"])
    return message["result"]


def _send(stream: IO[bytes], message: dict) -> None:
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()
