"""Starting, finding and steering a local AWS from another process."""

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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import platformdirs

from course.localaws.core import credentials, sdk_environment
from course.localaws.server.instance import CONTROL_PREFIX, InUseError, ServerError, ServerInfo
from course.localaws.server.prefork import PreforkedProcess

if TYPE_CHECKING:
    from course.sandbox.limits import Limits

START_SECONDS = 60
STOP_SECONDS = 30
ANSWER_SECONDS = 120  # a reset ends every job and server, which takes a while
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
        """The variables that turn a process with any AWS SDK to this local AWS, with the learner's keys when no other are given."""
        return sdk_environment.variables(self.state, self.endpoint, credential=credential)

    def events(self, since: int | None = None, limit: int = 1000) -> list[dict]:
        """Who called whom, latest or after event ``since``, oldest first; see `course.localaws.gateway.request_log.RequestLog.events`."""
        return self._ask("GET", f"events?limit={limit}" + ("" if since is None else f"&since={since}"))

    def running(self) -> list[dict]:
        """What AWS would bill now."""
        return self._ask("GET", "running")

    def reset(self) -> None:
        """Forget every resource, object and log; keys stay valid."""
        self._ask("POST", "reset")

    def advance(self, seconds: float) -> float:
        """Move the clock forward and return the new time (Unix s).

        What is due then, like the evaluation of alarms for every minute passed, is done when this returns, or after a minute at most.
        """
        return self._ask("POST", "clock", {"advance": seconds})["time"]

    def interrupt(self, training_job: str, after: float = 0.0, outage: float = 0.0) -> None:
        """Take the instance of a managed Spot training job away, as AWS does when it needs it itself.

        Parameters
        ----------
        training_job : str
            One that is in progress.
        after : float
            Seconds for which its program is to run first, from now on or from its beginning.
        outage : float
            Seconds, on the local AWS's clock, until there is an instance again.

        Raises
        ------
        ServerError
            There is no such job, or it is not on Spot instances.
        """
        self._ask("POST", "interrupt", {"training_job": training_job, "after": after, "outage": outage})

    def upload_image(self, archive: Path) -> str:
        """Hand the body of a container image over, as `course.localaws.docker_build` makes it; returns the digest of its configuration."""
        with archive.open("rb") as file:
            return self._ask("POST", "images", file)["digest"]

    def issue(self, arn: str) -> credentials.Credential:
        """New keys of any principal, as of the account's root user, whom no policy limits."""
        return credentials.of_document(self._ask("POST", "keys", {"arn": arn}))

    def invite(self, folder: Path) -> Handle:
        """A guest's way in: another process that is given ``folder`` as its state folder finds this local AWS by it, and nothing else.

        A guest has learner's keys of its own, sees the events and what is running, and may advance the clock; not reset or stop it.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        instance = ServerInfo.read(self.state)
        token = self._ask("POST", "guests", {})["token"]
        credentials.write(folder, self.issue(credentials.learner()))
        sdk_environment.write_files(folder)
        dataclasses.replace(instance, token=token, socket="").write(folder)
        return dataclasses.replace(self, state=folder)

    def stop(self) -> None:
        """End every job and server, and the local AWS itself; returns when it has ended.

        Raises
        ------
        ServerError
            When it has not within 30 s.
        """
        self._ask("POST", "stop")
        _wait_for_end(self.pid, STOP_SECONDS)

    def _ask(self, method: str, path: str, body: dict | BinaryIO | None = None):
        instance = ServerInfo.read(self.state)
        if instance is None or instance.pid != self.pid:
            raise ServerError(f"the local AWS of {self.state} (process {self.pid}) no longer runs. Start it with `course aws start`.")
        return _ask(instance, method, path, body)


def start(
    state: Path | None = None,
    port: int = 0,
    socket: Path | None = None,
    temporary: bool = False,
    sealed: bool = False,
    limits: Limits | None = None,
) -> Handle:
    """Start a local AWS in the background; it answers when this returns.

    Parameters
    ----------
    state : Path or None
        Its folder, made when absent; `default_state` when ``None``.
    port : int
        On 127.0.0.1; 0 takes a free one.
    socket : Path or None
        Also listen on this Unix socket, mode 0600.
    temporary : bool
        Should this process end without having stopped it, be it killed, it ends within 5 s and removes its folder.
    sealed : bool
        Jobs and model servers reach it, through ``socket``, and no other network.
    limits : Limits, optional
        Of each job and model server.

    Raises
    ------
    ServerError
        When the state folder is in use or cannot be written, the port is in use, the disk is full, or it is not ready within 60 s.
    """
    state = (state or default_state()).absolute()
    arguments = ["--state", str(state), "--port", str(port)]
    if socket:
        arguments += ["--socket", str(socket.absolute())]
    if sealed:
        arguments.append("--sealed")
    if limits:
        arguments += ["--limits", json.dumps(dataclasses.asdict(limits))]
    if temporary:
        arguments += ["--starter", str(os.getpid())]
    with _opened_log(state) as log, _spawned(arguments, log) as news:
        _wait_until_ready(news, log.name)
        handle = find(state)
        if handle is None:
            raise ServerError(f"the local AWS ended right after its start. {_tail(log.name)}")
    return handle


@contextlib.contextmanager
def temporary(sealed: bool = False, limits: Limits | None = None) -> Iterator[Handle]:
    """A new local AWS on a scratch folder; both are gone after the block, and soon after this process should it be killed in it.

    One that is ``sealed`` listens on the Unix socket ``handle.state / SOCKET`` too, and its jobs have no network but that.
    """
    with tempfile.TemporaryDirectory(prefix="local-aws-") as state:
        handle = start(Path(state), socket=Path(state, SOCKET) if sealed else None, temporary=True, sealed=sealed, limits=limits)
        try:
            yield handle
        finally:
            handle.stop()


_prepared: PreforkedProcess | None = None


def prepare() -> None:
    """Fork, now, what the next `start` of this process will be; to be called before this process has a thread.

    Worth it where ``course.localaws.server.daemon`` has been imported: what is forked need not do so again.
    """
    global _prepared
    _prepared = PreforkedProcess()


@contextlib.contextmanager
def _spawned(arguments: list[str], log: BinaryIO) -> Iterator[TextIO]:
    """The process, which outlives the block unless an exception leaves it; and where it says how its start went."""
    receiver, sender = os.pipe()
    with os.fdopen(receiver) as news:
        try:
            pid = _begun(arguments, log, sender)
        finally:
            os.close(sender)
        try:
            yield news
        except BaseException:  # Ctrl-C among them: what nobody waits for any more shall not come up
            _end(pid)
            raise


def _begun(arguments: list[str], log: BinaryIO, ready: int) -> int:
    """The process's id: it is the one that was prepared, or a new one."""
    global _prepared
    prepared, _prepared = _prepared, None
    if prepared:
        prepared.run_daemon(arguments, _own_environment(), log.fileno(), ready)
        return prepared.pid
    child = subprocess.Popen(
        [sys.executable, "-m", "course.localaws.server.daemon", *arguments, "--ready", str(ready)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=[ready],
        start_new_session=True,  # Ctrl-C in a terminal or a notebook's interrupt is not for it
        env=_own_environment(),
    )
    child.returncode = 0  # it is to outlive this object, which would warn about that
    return child.pid


def _wait_until_ready(news: TextIO, log: str) -> None:
    """Read the one line of JSON in which the process says how its start went."""
    if not select.select([news], [], [], START_SECONDS)[0]:
        raise ServerError(f"the local AWS was not ready within {START_SECONDS} s. {_tail(log)}")
    said = news.readline()
    if not said:
        raise ServerError(f"the local AWS ended while starting. {_tail(log)}")
    outcome = json.loads(said)
    if "error" in outcome:
        raise (InUseError if outcome["in_use"] else ServerError)(outcome["error"])


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        try:
            _wait_for_end(pid, END_SECONDS)
        except ServerError:
            os.kill(pid, signal.SIGKILL)
            _wait_for_end(pid, END_SECONDS)


def find(state: Path | None = None) -> Handle | None:
    """The local AWS that runs on a state folder (`default_state` when ``None``); ``None`` when none does."""
    state = (state or default_state()).absolute()
    instance = ServerInfo.read(state)
    if instance is None:
        return None
    try:
        health = _ask(instance, "GET", "health", seconds=HEALTH_SECONDS)
    except ServerError:
        return None
    return Handle(instance.endpoint, state, instance.pid) if health["pid"] == instance.pid else None


def find_or_start(state: Path | None = None) -> Handle:
    """The local AWS that runs on a state folder, or else a new one; several processes that ask at once get the same.

    Raises
    ------
    ServerError
    """
    try:
        return find(state) or start(state)
    except InUseError:
        # Another process has begun to start it since we looked.
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
        raise ServerError(f"the local AWS at {instance.endpoint} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise ServerError(f"{method} {path} was refused: {answer['error']}")
    return answer


def _opened_log(state: Path) -> BinaryIO:
    """The log, opened to append; emptied first when it has grown large."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = state / "server.log"
        mode = "wb" if log.exists() and log.stat().st_size > LOG_BYTES else "ab"
        return log.open(mode)
    except OSError as error:
        why = f"cannot be written ({error.strerror or error})"
        raise ServerError(f"the state folder {state} {why}. Name another with --state or COURSE_LOCALAWS_STATE.") from None


def _own_environment() -> dict[str, str]:
    """The environment without what is meant for AWS SDKs: inside, nothing may lead to a real account."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTOCORE_", "BOTO_"))}


def _tail(log: str) -> str:
    lines = Path(log).read_text(errors="replace").splitlines()
    return f"The end of its log, {log}:\n" + "\n".join(lines[-TAIL_LINES:])


def _wait_for_end(pid: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not _runs(pid):
            return
        time.sleep(0.02)
    raise ServerError(f"the local AWS (process {pid}) has not ended within {seconds:.0f} s. End it with `kill -9 {pid}`.")


def _runs(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # when it is a child of this process, its entry must be collected
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
