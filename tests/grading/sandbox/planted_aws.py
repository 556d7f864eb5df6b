"""A forkserver of local AWSs with a planted function: each one lists what it can reach, as if a submission had taken it over.

    python -m tests.grading.sandbox.planted_aws SOCKET

The list is written to ``SEEN`` in the state folder. `test_planted_code` says what may be on it.
"""

# It looks at tens of thousands of files, which takes three times as long with pathlib.
# ruff: noqa: PTH113, PTH114, PTH115, PTH116, PTH118, PTH120, PTH123, PTH208
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from course.localaws.server import boxed
from course.localaws.server.app import LocalAws
from course.sandbox import forkserver

SEEN = "seen.json"
BEGIN = "known to the grader "  # the rest of the secret is not in this process, unless it leaked
MARK = re.compile(re.escape(BEGIN).encode() + rb"([0-9a-f]{16})")
NOT_FILES = ("/proc", "/sys", "/dev")
HOST_PORT, ABSTRACT = "PLANTED_PORT", "PLANTED_ABSTRACT"  # variables that name a server outside and an abstract socket outside


def main() -> None:
    with forkserver.imports():
        import course.localaws.server.preload  # noqa: F401
    LocalAws.warm = _planted(LocalAws.warm, dict(os.environ))
    forkserver.run(sys.argv[1], boxed._keep)


def _planted(warm, given: dict[str, str]):
    def planted(self: LocalAws) -> None:
        warm(self)
        beside = self.platform.state / f"{SEEN}.new"
        beside.write_text(json.dumps(survey(int(given[HOST_PORT]), given[ABSTRACT])))
        beside.rename(self.platform.state / SEEN)

    return planted


def survey(port: int, abstract: str) -> dict:
    """What this process reads, opens and signals."""
    paths = list(every())
    files = [path for path in paths if os.path.isfile(path) and not os.path.islink(path)]
    return {
        "files": [path for path in files if os.access(path, os.R_OK)],
        "writable": sorted({os.path.dirname(path) for path in files if os.access(path, os.W_OK)}),
        "environment": dict(os.environ),
        "processes": {pid: list(command(pid)) for pid in os.listdir("/proc") if pid.isdigit()},
        "threads": list(own_threads()),
        "signals": [pid for pid in range(1, 4_000) if can_signal(pid)],
        "secrets": [where for where, data in memories() for found in MARK.findall(data) if found],
        "sockets": [name for name, target in (("port", ("127.0.0.1", port)), ("abstract", "\0" + abstract)) if connects(target)],
        "unix sockets": [path for path in paths if is_socket(path)],
        "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in ("pid", "mnt", "net", "ipc", "user")},
    }


def every() -> Iterator[str]:
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in NOT_FILES]
        yield from (os.path.join(folder, name) for name in names)


def is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def command(pid: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        yield from Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")


def own_threads() -> Iterator[int]:
    """The threads of all processes of this user."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            if os.stat(f"/proc/{pid}").st_uid == os.getuid():
                yield from map(int, os.listdir(f"/proc/{pid}/task"))


def can_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def connects(target: tuple[str, int] | str) -> bool:
    with socket.socket(socket.AF_UNIX if isinstance(target, str) else socket.AF_INET) as probe, contextlib.suppress(OSError):
        probe.settimeout(2)
        probe.connect(target)
        return True
    return False


def memories() -> Iterator[tuple[str, bytes]]:
    """The environment and the memory of each process that can be read."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            yield f"{pid} environ", Path(f"/proc/{pid}/environ").read_bytes()
        with contextlib.suppress(OSError), open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "r" in line.split()[1] and end - start < 1 << 30:
                    with contextlib.suppress(OSError, OverflowError, ValueError):
                        memory.seek(start)
                        yield f"{pid} memory", memory.read(end - start)


def secret() -> str:
    """A text that begins with `BEGIN`."""
    return BEGIN + hashlib.sha256(os.urandom(16)).hexdigest()[:16]


if __name__ == "__main__":
    main()
