"""Warnings for the instructor on a machine that cannot fully isolate submissions."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from course.sandbox.isolation import Isolation, warning

# What a class's folder holds that no submission may see. nbgrader's names, and those of `course.grading.batches.folder`.
SECRET = (".git", "gradebook.db", "solutions", "graders", "submitted", "autograded", "feedback", "results")


def unprotected(found: Isolation, root: Path) -> Iterator[str]:
    """Sentences on what is not isolated; none where all is.

    Parameters
    ----------
    found : str
        From `course.sandbox.isolation.isolation`.
    root : Path
        The course's folder. If submissions run under user ids of their own, its files that all users can read are named.
    """
    if said := warning(found, "This machine"):
        yield said
    if found == "own user" and (open_ := [name for name in SECRET if (root / name).exists() and _others_reach(root / name)]):
        names = " ".join(open_)
        yield f"All users of this machine, and so submissions, can read these in {root}: {names}. `chmod o-rwx {names}` there closes them."


def _others_reach(path: Path) -> bool:
    path = path.resolve()
    return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH)) and all(each.stat().st_mode & stat.S_IXOTH for each in path.parents)
