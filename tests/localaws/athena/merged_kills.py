"""A program that kills processes at every n-th line of adding a merged copy, and reads the copies after each kill.

Its arguments are an empty folder and n. It prints how many processes it has killed, and fails where a query would.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing
from itertools import count
from pathlib import Path
from types import FrameType, SimpleNamespace

from course.localaws.athena import merged
from course.localaws.athena.merged import MANY, MergedFiles, MergedReads
from course.localaws.core import database

TRACED = {merged.__file__, database.__file__}


def objects(folder: Path) -> list[SimpleNamespace]:
    """As many small objects as a query merges."""
    return [SimpleNamespace(path=folder / f"body-{number}", size=1, seal=None) for number in range(MANY)]


def added(state: Path, names: list[str], content: str) -> None:
    """Add a copy of some bodies that has this content."""
    copy = state.parent / content
    copy.write_text(content)
    files = MergedFiles(state, lambda body: True)
    files.add(names, copy, {})
    files.close()


def killed_at(line: int, state: Path, names: list[str]) -> bool:
    """Add a copy in a process that is killed at this line. Returns False if it has ended before."""
    if (process := os.fork()) == 0:
        left = line

        def trace(frame: FrameType, event: str, argument: object) -> object:
            nonlocal left
            if frame.f_code.co_filename not in TRACED:
                return None
            left -= event == "line"
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        added(state, names, "new")
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def check(state: Path, folder: Path) -> None:
    """Read as a query after the next start."""
    files = MergedFiles(state, lambda body: True)
    piece = MergedReads(files, folder).piece(objects(folder))
    copies = [Path(name).read_text() for name in piece["files"] if "copy-" in name]
    assert copies in (["old"], ["new"]), piece
    files.close()
    with closing(sqlite3.connect(state / "merged.db")) as connection:
        rows = {name for (name,) in connection.execute("SELECT name FROM merged")}
    assert rows == {path.name for path in state.iterdir() if not path.name.startswith("merged.db")}


def main(top: Path, step: int) -> None:
    for number, line in enumerate(count(1, step)):
        folder = top / str(line)
        folder.mkdir()
        names = [each.path.name for each in objects(folder)]
        added(folder / "state", names[1:], "old")
        killed = killed_at(line, folder / "state", names)
        check(folder / "state", folder)
        if not killed:
            print(number)
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
