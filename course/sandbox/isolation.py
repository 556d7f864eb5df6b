"""How far this machine can keep apart what runs in boxes, and from whom.

- ``namespace``: boxes have namespaces of their own, and a box may make boxes.
- ``one box``: boxes have namespaces, but a box cannot make boxes. So a local AWS in a box runs its jobs as plain processes in its own box.
- ``own user``: there are no namespaces, but we are root. Programs that nobody trusts run as a user that nobody else is.
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
# The numbers of users that systemd leaves to containers ("Users, Groups, UIDs and GIDs on systemd Systems", read 2026-12-04).
FIRST_USER, LAST_USER = 524_288, 1_879_048_191
NESTED = "import sys; from course.sandbox.box import best_mode; sys.exit(best_mode() != 'namespace')"
IMPORTS = "import course.sandbox.box"
# What is not kept apart; it follows the name of a machine.
OPEN = {
    "one box": (
        "lets no box make boxes (nested user namespaces): jobs and model servers of a submission share the box of its local AWS, "
        "which keeps them from the rest of the machine, but not from each other"
    ),
    "own user": (
        "has no user namespaces: submissions run as users of their own. They reach the network, and can read every file that "
        "all users of the machine can read"
    ),
    "rewrite": (
        "has no user namespaces: submissions run as processes that can read this user's files, with solutions, hidden checks and the "
        "grading seed among them, and reach the network"
    ),
}


@functools.cache
def isolation() -> Isolation:
    """What this machine has, tried once per process."""
    if best_mode() == "namespace":
        return "namespace" if _runs(NESTED, nested=True) else "one box"
    if sys.platform == "linux" and os.geteuid() == 0 and _runs(IMPORTS, user=new_user()):
        return "own user"
    return "rewrite"


def new_user() -> int:
    """The number of a user, and of a group, that nobody else has."""
    return FIRST_USER + secrets.randbelow(LAST_USER - FIRST_USER)


def untrusted_user() -> int | None:
    """A new user for a program that nobody trusts, where users are what keeps it apart; None elsewhere."""
    return new_user() if isolation() == "own user" else None


def warning(found: Isolation, where: str) -> str:
    """What is not kept apart; an empty text if all is. ``where`` names the machine at the start of a sentence."""
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
