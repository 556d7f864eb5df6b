"""How well this machine can isolate the programs that run in boxes.

- ``namespace``: boxes have namespaces of their own, and a box may make boxes.
- ``one box``: boxes have namespaces, but a box cannot make boxes. So a local AWS in a box runs its jobs as plain processes in its own box.
- ``own user``: there are no namespaces, but we are root. Each program that nobody trusts runs under a user id of its own.
- ``rewrite``: boxes are plain processes of this user.
"""

from __future__ import annotations

import functools
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Literal

from course.sandbox.box import Box, best_mode
from course.sandbox.limits import Limits

Isolation = Literal["namespace", "one box", "own user", "rewrite"]
PROBE_SECONDS = 60.0
# The user ids that systemd sets aside for containers ("Users, Groups, UIDs and GIDs on systemd Systems", read 2026-12-04).
FIRST_USER, LAST_USER = 524_288, 1_879_048_191
NESTED = "import sys; from course.sandbox.box import best_mode; sys.exit(best_mode() != 'namespace')"
IMPORTS = "import course.sandbox.box"
# What is not isolated; the sentence begins with the name of a machine.
OPEN = {
    "one box": (
        "has no nested user namespaces: the jobs and model servers of a submission share the box of its local AWS. They are isolated "
        "from the rest of the machine, but not from each other"
    ),
    "own user": (
        "has no user namespaces: submissions run under user ids of their own. They reach the network, and can read every file that "
        "all users of the machine can read"
    ),
    "rewrite": (
        "has no user namespaces: submissions run as processes that can read this user's files, with solutions, hidden checks and the "
        "grading seed among them, and reach the network"
    ),
}


@functools.cache
def isolation() -> Isolation:
    """The isolation of this machine, tried once per process."""
    if best_mode() == "namespace":
        return "namespace" if _runs(NESTED, nested=True) else "one box"
    if sys.platform == "linux" and os.geteuid() == 0 and _runs(IMPORTS, user=new_user()):
        return "own user"
    return "rewrite"


def new_user() -> int:
    """A user id, and group id, that nobody else has."""
    return FIRST_USER + secrets.randbelow(LAST_USER - FIRST_USER)


def untrusted_user() -> int | None:
    """A new user id for a program that nobody trusts, on a machine that isolates programs by user ids; None elsewhere."""
    return new_user() if isolation() == "own user" else None


def warning(found: Isolation, where: str) -> str:
    """What is not isolated; an empty text if all is. ``where`` names the machine at the start of a sentence."""
    return f"{where} {OPEN[found]}. docs/grading.md, The sandbox, says more." if found in OPEN else ""


def _runs(code: str, nested: bool = False, user: int | None = None) -> bool:
    """Whether this Python runs ``code`` in a box with success."""
    with tempfile.TemporaryDirectory(prefix="box-") as folder:
        root = Path(folder) / "ml"
        root.mkdir()
        try:
            box = Box(root, {}, Limits(), nested=nested, user=user)
            return box.start([sys.executable, "-c", code], lambda lines: None, cwd="/").wait(PROBE_SECONDS) == 0
        except (RuntimeError, TimeoutError):
            return False
