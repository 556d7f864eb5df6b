"""The process of a local AWS: ``python -m course.localaws.server.daemon``, as `course.localaws.server.launch.start` runs it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import faulthandler
import json
import logging
import os
import secrets
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import uvicorn

from course.localaws.core import credentials, database, sdk_environment
from course.localaws.core.lanes import LaneThreads
from course.localaws.server import heap
from course.localaws.server.app import LocalAws
from course.localaws.server.control import application
from course.localaws.server.instance import InUseError, ServerError, ServerInfo, locked, pid_namespace
from course.sandbox.limits import Limits
from course.sandbox.trees import remove

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75  # longer than SDKs keep an idle connection, so that they rarely use a closed one
GRACE_SECONDS = 5  # for open requests at shutdown
CHECK_SECONDS = 5  # between two checks whether it can still be found
HANG_SECONDS = 120.0  # without a check. Then it hangs, for example in a C function, and handles no signal
SHUTDOWN_SECONDS = 60.0  # for everything to end
THREADS = 6  # of each lane, for what operations wait for
PACKAGE = "from-data-to-deployment"

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--socket", type=Path)
    parser.add_argument(
        "--sealed", action="store_true", help="jobs and model servers reach this local AWS, over the socket, and no network"
    )
    parser.add_argument("--fast-forward", action="store_true", help="time that clients only wait for passes at once")
    parser.add_argument("--limits", type=json.loads, default={}, help="of each job and model server: members of Limits, as JSON")
    parser.add_argument("--quota", type=int, help="bytes that the state folder may hold (default: no limit)")
    parser.add_argument("--temporary", action="store_true", help="the state folder is for this process alone, and is deleted after it")
    parser.add_argument(
        "--starter", type=int, help="process id of the parent of a temporary one: end with it, and remove the state folder then"
    )
    parser.add_argument("--ready", type=int, required=True, help="file descriptor on which to say, as one line of JSON, how the start went")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # uvicorn handles these signals while it runs and raises them again when it has stopped; then these handlers run.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    os.set_inheritable(options.ready, False)  # jobs must not inherit it
    try:
        run(options, lambda: _report(options.ready, {}))
    except (ServerError, OSError, sqlite3.OperationalError) as error:
        logging.exception("the local AWS ended")
        _report(options.ready, {"error": _error_message(error, options.state), "in_use": isinstance(error, InUseError)})
        raise SystemExit(1) from None
    if _is_orphan(options.starter):
        remove(options.state)


def run(options: argparse.Namespace, ready: Callable[[], None]) -> None:
    """Serve until a signal, a stop through the control API, or the end of the process ``starter``.

    ``ready`` is called once requests are answered.

    Raises
    ------
    ServerError
        The state folder or the port is in use.
    """
    state, starter = options.state, options.starter
    temporary = options.temporary or starter is not None
    heap.release_large_buffers()
    if temporary:
        database.skip_disk_sync()  # its state is deleted at the end; starting and stopping take half as long
    with locked(state), contextlib.ExitStack() as at_end:
        tcp = at_end.enter_context(_bound(options.port))
        listeners = [tcp, *([at_end.enter_context(_bound_unix(options.socket))] if options.socket else [])]
        port = tcp.getsockname()[1]
        endpoint = f"http://{HOST}:{port}"
        credentials.issued(state)
        sdk_environment.write_files(state)
        sealed, limits = options.socket if options.sealed else None, Limits(**options.limits)
        # A temporary local AWS, such as the one that grading uses, is the same on every machine.
        aws = LocalAws(state, endpoint, sealed, limits, options.quota, options.fast_forward, own_libraries=not temporary)
        at_end.callback(aws.shutdown)  # if it ends before the server runs
        token = secrets.token_urlsafe(32)
        ServerInfo(os.getpid(), port, endpoint, token, version(PACKAGE), str(options.socket or ""), pid_namespace()).write(state)
        at_end.callback(ServerInfo.withdraw, state)
        aws.recover()
        at_end.callback(faulthandler.cancel_dump_traceback_later)
        _Server(aws, token, starter, ready).run(listeners)


class _Server(uvicorn.Server):
    def __init__(self, aws: LocalAws, token: str, starter: int | None, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._asked_to_stop = asyncio.Event()
        self._starter = starter
        self._aws = aws
        config = uvicorn.Config(
            application(aws, token, stop=self._stop),
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            callback_notify=self._check_surroundings,
            timeout_notify=CHECK_SECONDS,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_default_executor(LaneThreads(THREADS))
        await super().startup(sockets)
        _end_unless_called_again(HANG_SECONDS)
        self._ready()
        self._aws.warm()

    async def main_loop(self) -> None:
        """uvicorn's main loop checks ten times a second whether to end. This one also ends at once after a stop through the control API."""
        loop, asked = asyncio.create_task(super().main_loop()), asyncio.create_task(self._asked_to_stop.wait())
        done, _ = await asyncio.wait((loop, asked), return_when=asyncio.FIRST_COMPLETED)
        for task in (loop, asked):
            task.cancel()
        if loop in done:
            loop.result()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _end_unless_called_again(SHUTDOWN_SECONDS)
        await super().shutdown(sockets)
        # While the event loop still runs, because connections of the services belong to it.
        await asyncio.to_thread(self._aws.shutdown)

    async def _check_surroundings(self) -> None:
        _end_unless_called_again(HANG_SECONDS)
        if _is_orphan(self._starter):
            logger.error("process %d, for which this local AWS was there, has ended without stopping it", self._starter)
            self._stop()
        if ServerInfo.is_lost(self._aws.platform.state):
            logger.error("the state folder %s is gone, so this process ends: nobody could find it any more", self._aws.platform.state)
            self._stop()

    def _stop(self) -> None:
        self.should_exit = True
        self._asked_to_stop.set()


def _end_unless_called_again(seconds: float) -> None:
    """After this time write the stacks of all threads into the log and end the process, even if no Python code can run any more.

    What was acknowledged is durable, and jobs and servers end with this process.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)


def _bound(port: int) -> socket.socket:
    # With IPPROTO_TCP asyncio sets TCP_NODELAY. Without it the second piece of an answer would wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(f"port {port} on {HOST} is in use by another program. Name another port, or none for a free one.") from None
        if error.errno == errno.EACCES:
            raise ServerError(f"port {port} may only be used by the system administrator. Name one above 1023.") from None
        raise
    return listener


@contextlib.contextmanager
def _bound_unix(path: Path) -> Iterator[socket.socket]:
    """A Unix socket that only its owner may use (mode 0600). The block's end removes its file."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        _remove_stale(path)
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise ServerError(f"the socket {path} cannot be made: {error.strerror or error}.") from None
    finally:
        os.umask(mask)
    try:
        with listener:
            yield listener
    finally:
        path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """Remove the socket of a killed process. A socket that still accepts connections stays, so binding fails."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _is_orphan(starter: int | None) -> bool:
    """Whether the starter has ended. It is the parent process as long as it lives."""
    return starter is not None and os.getppid() != starter


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def _report(ready: int, outcome: dict) -> None:
    with contextlib.suppress(BrokenPipeError):  # the starter has ended; the log has the report too
        os.write(ready, json.dumps(outcome).encode() + b"\n")


def _error_message(error: Exception, state: Path) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error):
        return f"no space is left on the disk of the state folder {state}. Free some, or name a folder on another disk with --state."
    if isinstance(error, (OSError, sqlite3.OperationalError)):
        return f"the state folder {state} cannot be used: {error}."
    return str(error)


def run_and_exit(main: Callable[[], None]) -> NoReturn:
    """Run a main function, and end the process without shutting the interpreter down, which takes half a second with all these modules."""
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        logging.exception("the local AWS ended")
    finally:
        with contextlib.suppress(Exception):
            logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    run_and_exit(main)
