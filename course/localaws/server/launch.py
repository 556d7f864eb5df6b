"""Starts, finds and controls a local AWS from another process."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import platformdirs

from course.localaws.core import credentials, sdk_environment
from course.localaws.server import forkserver
from course.localaws.server.instance import CONTROL_PREFIX, InUseError, NoAnswerError, ServerError, ServerInfo, is_locked
from course.sandbox.trees import remove

if TYPE_CHECKING:
    from course.sandbox.limits import Limits

START_SECONDS = 60
STOP_SECONDS = 30
ANSWER_SECONDS = 120  # a reset ends all jobs and servers, which takes some time
HEALTH_SECONDS = 10
END_SECONDS = 5
TAIL_LINES = 15
LOG_BYTES = 10_000_000
SOCKET = "gateway.sock"


def default_state() -> Path:
    """``COURSE_LOCALAWS_STATE``, else the user's own state folder."""
    named = os.environ.get("COURSE_LOCALAWS_STATE")
    return Path(named) if named else platformdirs.user_state_path("from-data-to-deployment", appauthor=False) / "local-aws"


@dataclass(frozen=True, slots=True)
class Handle:
    """A running local AWS.

    Attributes
    ----------
    endpoint : str
        ``"http://127.0.0.1:PORT"``.
    state : Path
    pid : int
    """

    endpoint: str
    state: Path
    pid: int

    def environment(self, credential: credentials.Credential | None = None) -> dict[str, str]:
        """The variables that make any AWS SDK use this local AWS, by default with the learner's keys."""
        return sdk_environment.variables(self.state, self.endpoint, credential=credential)

    def events(self, since: int | None = None, limit: int = 1000) -> list[dict]:
        """The recorded requests, the latest or those after event ``since``, oldest first.

        See `course.localaws.gateway.request_log.RequestLog.events`.
        """
        return self._ask("GET", f"events?limit={limit}" + ("" if since is None else f"&since={since}"))

    def running(self) -> list[dict]:
        """The resources that AWS would bill now."""
        return self._ask("GET", "running")

    def ledger(self, marker: str = "", free_tier: bool = False) -> dict:
        """What usage would have cost on AWS, perhaps only of ARNs that contain ``marker``; see `course.localaws.billing.ledger`."""
        return self._ask("GET", f"ledger?marker={urllib.parse.quote(marker)}&free_tier={free_tier:d}")

    def belongs(self, marker: str, lesson: str) -> None:
        """Say that resources whose names or tags contain a marker belong to a lesson, for the ledger."""
        self._ask("POST", "lessons", {"marker": marker, "lesson": lesson})

    def reset(self) -> None:
        """Delete all resources, objects and logs. Keys stay valid."""
        self._ask("POST", "reset")

    def advance(self, seconds: float) -> float:
        """Advance the clock and return the new time in Unix seconds. It can be a hundred years ahead of the time at most.

        It waits, at most a minute, until everything that is due by then is done, such as the evaluation of alarms for every minute.

        Raises
        ------
        ServerError
            ``seconds`` is negative or not finite, or the clock would be too far ahead.
        """
        return self._ask("POST", "clock", {"advance": seconds})["time"]

    def clock(self) -> float:
        """The time of the clock in Unix seconds."""
        return self._ask("GET", "health")["time"]

    def interrupt(self, training_job: str, after: float = 0.0, outage: float = 0.0) -> None:
        """Interrupt a managed Spot training job, as AWS does when it needs the capacity.

        Parameters
        ----------
        training_job : str
            The name of a job in progress.
        after : float
            Seconds that its program runs before the interruption, from now or from its start.
        outage : float
            Seconds on the local AWS's clock until an instance is available again.

        Raises
        ------
        ServerError
            The job does not exist or does not use Spot instances.
        """
        self._ask("POST", "interrupt", {"training_job": training_job, "after": after, "outage": outage})

    def shortage(self, instance_type: str, seconds: float) -> None:
        """Let AWS have no more instances of a type for a while. What has its instances already keeps them.

        Meanwhile jobs on demand and endpoints that need new ones fail, and Spot jobs wait.

        Parameters
        ----------
        instance_type : str
            E.g. ``"ml.m5.large"``.
        seconds : float
            On the local AWS's clock, from now; 0 ends a shortage.

        Raises
        ------
        ServerError
            No such type, or no such number of seconds.
        """
        self._ask("POST", "shortage", {"instance_type": instance_type, "seconds": seconds})

    def upload_image(self, archive: Path) -> str:
        """Upload the body of an image that `course.localaws.docker_build` made. Returns the digest of its configuration."""
        with archive.open("rb") as file:
            return self._ask("POST", "images", file)["digest"]

    def issue(self, arn: str, *, unlimited: bool = False) -> credentials.Credential:
        """New keys for any principal, e.g. the account's root user. No policy limits ``unlimited`` keys, which end with the server."""
        return credentials.of_document(self._ask("POST", "keys", {"arn": arn, "unlimited": unlimited}))

    def invite(self, folder: Path) -> Handle:
        """Give a guest access: a process that has ``folder`` as its state folder can find this local AWS, and nothing else.

        A guest has its own learner's keys, can see events and running resources and advance the clock, but cannot reset or stop.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        instance = ServerInfo.read(self.state)
        token = self._ask("POST", "guests", {})["token"]
        credentials.write(folder, self.issue(credentials.learner()))
        sdk_environment.write_files(folder)
        dataclasses.replace(instance, token=token, socket="").write(folder)
        return dataclasses.replace(self, state=folder)

    def stop(self) -> None:
        """End all jobs and servers and the local AWS itself, and wait until it has ended. One that hangs is killed; so is it on Ctrl-C.

        Raises
        ------
        ServerError
            It had ended before, or this is a guest, or the kernel does not end the process, or it hangs in another process namespace.
        """
        instance = ServerInfo.read(self.state)
        try:
            self._ask("POST", "stop", seconds=STOP_SECONDS)
            ended = self._has_ended(instance)
        except NoAnswerError:
            if not is_locked(self.state):
                raise
            ended = False
        except KeyboardInterrupt:  # whoever stops waiting may remove the folder, in which it would still write
            self._kill(instance)
            raise
        if not ended:
            self._kill(instance)

    def _has_ended(self, instance: ServerInfo | None) -> bool:
        """Wait until the process has ended, at most `STOP_SECONDS`."""
        if instance and instance.is_here:
            return _has_ended(self.pid, STOP_SECONDS)
        end = time.monotonic() + STOP_SECONDS
        while is_locked(self.state):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def _kill(self, instance: ServerInfo | None) -> None:
        """End the process. Its id is surely its own as long as it holds the lock, and in its own process namespace."""
        if instance and not instance.is_here:
            raise ServerError(f"the local AWS of {self.state} hangs, and it runs in another container. End its process {self.pid} there.")
        if is_locked(self.state):
            _end(self.pid)

    def _ask(self, method: str, path: str, body: dict | BinaryIO | None = None, seconds: float = ANSWER_SECONDS):
        instance = ServerInfo.read(self.state)
        if instance is None or instance.pid != self.pid:
            raise ServerError(f"the local AWS of {self.state} (process {self.pid}) no longer runs. Start it with `course aws start`.")
        return _ask(instance, method, path, body, seconds)


def start(
    state: Path | None = None,
    port: int = 0,
    socket: Path | None = None,
    temporary: bool = False,
    sealed: bool = False,
    limits: Limits | None = None,
    quota: int | None = None,
    fast_forward: bool = False,
) -> Handle:
    """Start a local AWS in the background, and wait until it answers.

    Parameters
    ----------
    state : Path or None
        Its state folder, created if missing. ``None`` means `default_state`.
    port : int
        The port on 127.0.0.1. 0 chooses a free one.
    socket : Path or None
        A Unix socket (mode 0600) on which to listen too.
    temporary : bool
        If this process ends without stopping it, even when killed, it ends within 5 s and removes its folder.
    sealed : bool
        Jobs and model servers have no network except ``socket``.
    limits : Limits, optional
        For each job and model server.
    quota : int, optional
        Bytes that the state folder may hold: objects, streams, databases, logs, folders of running jobs. By default there is no limit.
    fast_forward : bool
        Time that clients only wait for passes at once (`course.localaws.server.fast_forward`).

    Raises
    ------
    ServerError
        The state folder is in use or not writable, the port is in use, the disk is full, or it is not ready within 60 s.
    """
    state = (state or default_state()).absolute()
    arguments = ["--state", str(state), "--port", str(port)]
    if socket:
        arguments += ["--socket", str(socket.absolute())]
    if sealed:
        arguments.append("--sealed")
    if fast_forward:
        arguments.append("--fast-forward")
    if limits:
        arguments += ["--limits", json.dumps(dataclasses.asdict(limits))]
    if quota is not None:
        arguments += ["--quota", str(quota)]
    if temporary:
        arguments += ["--starter", str(os.getpid())]
    with _opened_log(state) as log, _spawned(arguments, log) as report:
        read_report(report, lambda: _tail(log.name))
        handle = find(state)
        if handle is None:
            raise ServerError(f"the local AWS ended right after its start. {_tail(log.name)}")
    return handle


@contextlib.contextmanager
def temporary(sealed: bool = False, limits: Limits | None = None, quota: int | None = None) -> Iterator[Handle]:
    """A new local AWS on a temporary folder. Both are removed after the block, or soon after this process is killed.

    With ``sealed`` it also listens on the Unix socket ``handle.state / SOCKET``, and its jobs have no other network.
    """
    state = Path(tempfile.mkdtemp(prefix="local-aws-"))
    try:
        unix = state / SOCKET if sealed else None
        handle = start(state, socket=unix, temporary=True, sealed=sealed, limits=limits, quota=quota)
        try:
            yield handle
        finally:
            try:
                handle.stop()
            except ServerError:
                if is_locked(state):
                    raise
                # else it has ended before, as when the system killed it: that is no error of the block
    finally:
        remove(state)


_forkserver = ""  # its address, in a block of `forked_from`


@contextlib.contextmanager
def forked_from(address: str) -> Iterator[None]:
    """Within the block, `start` forks each local AWS from the forkserver at this address, or from none; for programs that start many.

    Temporary ones are not forked there: they end with their parent process, and that would be the forkserver. A fork keeps what Python read
    from the environment when the forkserver started, such as PYTHONPATH.
    """
    global _forkserver
    before, _forkserver = _forkserver, address
    try:
        yield
    finally:
        _forkserver = before


@contextlib.contextmanager
def _spawned(arguments: list[str], log: BinaryIO) -> Iterator[TextIO]:
    """Starts the process and yields the stream with the report about its start. The process outlives the block unless it raises."""
    receiver, sender = os.pipe()
    with os.fdopen(receiver) as report:
        try:
            pid = _start_process(arguments, log, sender)
        finally:
            os.close(sender)
        try:
            yield report
        except BaseException:  # including Ctrl-C: do not leave a process that nobody waits for
            _end(pid)
            raise


def _start_process(arguments: list[str], log: BinaryIO, ready: int) -> int:
    """Start a process, or have one forked. Returns its id."""
    waiting = forkserver.fork(_forkserver) if _forkserver and "--starter" not in arguments else None
    if waiting:
        waiting.run_daemon(arguments, _own_environment(), log.fileno(), ready)
        return waiting.pid
    child = subprocess.Popen(
        [sys.executable, "-m", "course.localaws.server.daemon", *arguments, "--ready", str(ready)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=[ready],
        start_new_session=True,  # Ctrl-C in a terminal or a notebook's interrupt must not end it
        env=_own_environment(),
    )
    child.returncode = 0  # it outlives this object, which would warn about that
    return child.pid


def read_report(report: TextIO, last_lines: Callable[[], str]) -> None:
    """Wait for a new process's report about its start, one line of JSON.

    Parameters
    ----------
    report : text file
        The end of a pipe.
    last_lines : callable
        What the process printed at last, for the message of an error.

    Raises
    ------
    ServerError
    """
    if not select.select([report], [], [], START_SECONDS)[0]:
        raise ServerError(f"the local AWS was not ready within {START_SECONDS} s. {last_lines()}")
    line = report.readline()
    if not line:
        raise ServerError(f"the local AWS ended while starting. {last_lines()}")
    outcome = json.loads(line)
    if "error" in outcome:
        raise (InUseError if outcome["in_use"] else ServerError)(outcome["error"])


def _end(pid: int) -> None:
    """End the process: SIGTERM, then SIGKILL. Its jobs and servers notice that and end themselves. Raises ServerError."""
    with contextlib.suppress(ProcessLookupError):
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(pid, number)
            if _has_ended(pid, END_SECONDS):
                return
        raise ServerError(f"the local AWS (process {pid}) has not ended within {END_SECONDS} s of SIGKILL.")


def find(state: Path | None = None) -> Handle | None:
    """The running local AWS of a state folder (``None`` means `default_state`). ``None`` if none is running."""
    state = (state or default_state()).absolute()
    instance = ServerInfo.read(state)
    if instance is None:
        return None
    try:
        health = _ask(instance, "GET", "health", seconds=HEALTH_SECONDS)
    except ServerError:
        return None
    return Handle(instance.endpoint, state, instance.pid) if health["pid"] == instance.pid else None


def stop(state: Path | None = None) -> bool:
    """Stop the local AWS of a state folder, also one that does not answer. Returns whether there was one. Raises ServerError."""
    state = (state or default_state()).absolute()
    instance = ServerInfo.read(state)
    handle = Handle(instance.endpoint, state, instance.pid) if instance and is_locked(state) else find(state)
    if handle is None:
        return False
    handle.stop()
    return True


def find_or_start(state: Path | None = None) -> Handle:
    """The running local AWS of a state folder, else a new one. Processes that call this at the same time get the same one.

    Raises
    ------
    ServerError
    """
    try:
        return find(state) or start(state)
    except InUseError:
        # Another process has started it in the meantime.
        end = time.monotonic() + START_SECONDS
        while (handle := find(state)) is None:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        return handle


def _ask(instance: ServerInfo, method: str, path: str, body: dict | BinaryIO | None = None, seconds: float = ANSWER_SECONDS):
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=seconds)
    try:
        headers = {"Authorization": f"Bearer {instance.token}"}
        connection.request(method, CONTROL_PREFIX + path, json.dumps(body) if isinstance(body, dict) else body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswerError(f"the local AWS at {instance.endpoint} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise ServerError(f"{method} {path} was refused: {answer['error']}")
    return answer


def _opened_log(state: Path) -> BinaryIO:
    """The log, opened to append. A large log is emptied first."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = state / "server.log"
        mode = "wb" if log.exists() and log.stat().st_size > LOG_BYTES else "ab"
        return log.open(mode)
    except OSError as error:
        why = f"cannot be written ({error.strerror or error})"
        raise ServerError(f"the state folder {state} {why}. Name another with --state or COURSE_LOCALAWS_STATE.") from None


def _own_environment() -> dict[str, str]:
    """The environment without variables for AWS SDKs, so that nothing inside can reach a real account."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTOCORE_", "BOTO_"))}


def _tail(log: str) -> str:
    lines = Path(log).read_text(errors="replace").splitlines()
    return f"The end of its log, {log}:\n" + "\n".join(lines[-TAIL_LINES:])


def _has_ended(pid: int, seconds: float) -> bool:
    """Wait until the process has ended, at most so long."""
    end = time.monotonic() + seconds
    while _runs(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _runs(pid: int) -> bool:
    import psutil  # here, because a learner's kernel imports this module at every start

    try:
        return os.waitpid(pid, os.WNOHANG)[0] != pid  # a child of this process must be reaped
    except ChildProcessError:
        pass
    try:
        process = psutil.Process(pid)
        # A child of another process stays until that one reaps it. Its threads may outlive its main one, with its files and ports.
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False
