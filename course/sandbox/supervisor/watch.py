"""Measures what a box uses, and kills the processes that it left."""

# ruff: noqa: PTH123, PTH208
from __future__ import annotations

import contextlib
import os
import signal
import sys

PAGE = os.sysconf("SC_PAGE_SIZE")


def disk_used(folders: list[str]) -> int:
    """Bytes on disk of the files below ``folders``, each file counted once. Files that vanish meanwhile do not count."""
    total, seen, todo = 0, set(), list(folders)
    while todo:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    elif status.st_nlink == 1 or (status.st_dev, status.st_ino) not in seen:
                        seen.add((status.st_dev, status.st_ino))
                        total += status.st_blocks * 512
    return total


class ProcessMonitor:
    """Measures the processes, the resident memory and the files of this box, and kills what the job left running.

    Parameters
    ----------
    spec : dict
        The supervisor's input (`__main__`).
    first : int or None
        Process 1 of the box's process namespace; None in rewrite mode.
    """

    def __init__(self, spec: dict, first: int | None) -> None:
        self.spec, self.first, self._psutil = spec, first, None

    @property
    def psutil(self):
        """The module, imported at first use: a short job ends before that."""
        if self._psutil is None:
            sys.path.append(self.spec["packages"])
            import psutil

            self._psutil = psutil
        return self._psutil

    def exceeded(self) -> str:
        """The limit that the box exceeds: ``"memory"``, ``"processes"``, ``"disk"``, or ``""`` for none."""
        memory, processes = self._namespace() if self.first else self._descendants()
        if memory > self.spec["memory"]:
            return "memory"
        if processes > self.spec["processes"]:
            return "processes"
        limit = self.spec["disk"]
        return "disk" if limit is not None and disk_used(self.spec["folders"]) > limit else ""

    def _namespace(self) -> tuple[int, int]:
        """Bytes and number of processes, from the box's own /proc, which shows exactly the processes of its namespace."""
        proc, memory, processes = f"/proc/{self.first}/root/proc", 0, 0
        with contextlib.suppress(OSError):
            for name in os.listdir(proc):
                if name.isdigit():
                    processes += 1
                    with contextlib.suppress(OSError), open(f"{proc}/{name}/statm") as statm:
                        memory += int(statm.read().split()[1]) * PAGE
        return memory, processes

    def _descendants(self) -> tuple[int, int]:
        members, memory = self.members(), 0
        for process in members:
            with contextlib.suppress(self.psutil.Error):
                memory += process.memory_info().rss
        return memory, len(members)

    def members(self) -> list:
        """Every process of the box except this one. Outside Linux, orphans are found by their environment."""
        me = self.psutil.Process()
        found = set(me.children(recursive=True))
        if sys.platform != "linux":
            found.update(filter(self.carries_marker, self.psutil.process_iter()))
        return list(found - {me})

    def carries_marker(self, process) -> bool:
        try:
            return process.environ().get("COURSE_BOX") == self.spec["environment"]["COURSE_BOX"]
        except (self.psutil.Error, OSError):
            return False

    def signal_all(self, number: int) -> list:
        """Send a signal to every process of the box except this one, and return them."""
        members = self.members()
        for process in members:
            with contextlib.suppress(self.psutil.Error):
                process.send_signal(number)
        return members

    def kill_all(self) -> None:
        """Kill until no process is left. The next round finds processes that were forked meanwhile."""
        while members := self.signal_all(signal.SIGKILL):
            self.psutil.wait_procs(members, timeout=1)
