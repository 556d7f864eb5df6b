"""The description of a running local AWS in its state folder, and the lock that excludes a second one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

CONTROL_PREFIX = "/_localaws/"
LOCK_SECONDS = 3.0  # a process that was just killed may not have ended yet


class ServerError(Exception):
    """The local AWS could not be started, found or stopped. The message says why and what to do."""


class InUseError(ServerError):
    """Another local AWS uses the state folder."""


class NoAnswerError(ServerError):
    """The local AWS does not answer: it hangs, or it has ended."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """The content of ``instance.json`` (mode 0600). The file exists while the process runs, and after it was killed.

    ``pid`` is a number in the process namespace ``pid_namespace``; elsewhere, as in another container, it may be another process's.
    """

    pid: int
    port: int
    endpoint: str
    token: str
    version: str
    socket: str = ""
    pid_namespace: str = ""

    @classmethod
    def read(cls, state: Path) -> ServerInfo | None:
        """The state folder's description. ``None`` if it is missing or malformed."""
        try:
            return cls(**json.loads((state / "instance.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def is_here(self) -> bool:
        """Whether its process id means the same process here."""
        return self.pid_namespace == pid_namespace()

    @classmethod
    def is_lost(cls, state: Path) -> bool:
        """Whether this process's state folder was deleted. Another process may have created it again."""
        instance = cls.read(state)
        return instance.pid != os.getpid() if instance else not (state / "instance.json").exists()

    @classmethod
    def withdraw(cls, state: Path) -> None:
        """Remove the description when this process ends."""
        if not cls.is_lost(state):
            (state / "instance.json").unlink()

    def write(self, state: Path) -> None:
        beside = state / "instance.new"
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file)
        beside.replace(state / "instance.json")


def pid_namespace() -> str:
    """The process namespace of this process; empty where there are none."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Lock the state folder for the block. The kernel releases the lock when the process ends in any way.

    Raises
    ------
    InUseError
    """
    with (state / "lock").open("w") as lock:
        end = time.monotonic() + LOCK_SECONDS
        while not _try_lock(lock):
            holder = ServerInfo.read(state)
            if holder and holder.is_here and _is_alive(holder.pid) or time.monotonic() > end:
                who = f"process {holder.pid} at {holder.endpoint}" if holder else "a process that is just starting"
                raise InUseError(
                    f"the state folder {state} is in use by another local AWS, {who}. Use that one, stop it with "
                    f"`course aws stop --state {state}`, or name another folder with --state."
                )
            time.sleep(0.05)
        yield


def is_locked(state: Path) -> bool:
    """Whether a local AWS runs on the state folder, even one that does not answer."""
    try:
        with (state / "lock").open() as lock:
            return not _try_lock(lock)
    except FileNotFoundError:
        return False


def _try_lock(lock) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
