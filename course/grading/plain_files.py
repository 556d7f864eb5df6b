"""nbgrader's converters copy only regular files: they follow no link in what was handed in.

`nbgrader autograde` copies the files beside a notebook from ``submitted/`` to ``autograded/``, and `nbgrader generate_feedback` copies on.
By itself nbgrader copies what a link leads to. `course collect` and `nbgrader collect` bring no link, but an instructor's own copy might.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from nbgrader.converters import base
from nbgrader.utils import find_all_files
from traitlets.log import get_logger


def is_plain(path: str | os.PathLike[str]) -> bool:
    """Whether there is a regular file at ``path`` itself, not where a link leads."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def plain_files(path: str, exclude: Sequence[str] | None = None) -> list[str]:
    """nbgrader's `find_all_files` without what is no regular file, each with a line in the log."""
    found = find_all_files(path, exclude)
    for each in found:
        if not is_plain(each):
            get_logger().warning("%s is a link or not a regular file; left out", each)
    return [each for each in found if is_plain(each)]


def install() -> None:
    """Make nbgrader's converters use it in this process; nbgrader has no setting for it."""
    base.find_all_files = plain_files
