"""Hides where things lie on the grading machine: no learner needs it, and an attacker should not learn it from feedback.

What a page shows to learners passes `hide`: the texts of errors of the course, of Python's libraries and of the submission's local AWS.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import course

EVERYWHERE = {Path("/"), Path("/usr"), Path("/usr/local"), Path("/opt"), Path("/home"), Path("/tmp")}  # they say nothing of a machine
# The folders of one grading: `course.grading.sandbox.directory`, `course.localaws.server.launch.temporary`, and unnamed ones.
TEMPORARY = r"(?:(?:sub-\d+|local-aws|explain)-\w+|tmp\w{8})"


def hide(root: Path) -> Callable[[str], str]:
    """What replaces the paths of this machine in a text by names in brackets, such as ``[course]/graders``.

    Parameters
    ----------
    root : Path
        The course's folder.
    """
    return _hider(root, Path(tempfile.gettempdir()))


@lru_cache(maxsize=16)
def _hider(root: Path, temporary: Path) -> Callable[[str], str]:
    places = {
        Path(sys.base_prefix): "[python]",
        Path(sys.prefix): "[python]",
        Path(course.__file__).parents[1]: "[course]",
        root: "[course]",
        Path.home(): "[home]",
    }
    both = {str(path): name for place, name in places.items() for path in (place, place.resolve()) if path not in EVERYWHERE}
    folders = "|".join(re.escape(path) for path in sorted(both, key=len, reverse=True))
    own = "|".join(f"{re.escape(str(path))}/{TEMPORARY}" for path in {temporary, temporary.resolve()})
    # Whatever comes before: a path may follow the code of a colour, or the n of a line break that is shown as code.
    pattern = re.compile(rf"(?:({own})|({folders}))(?![\w-])")
    return lambda text: pattern.sub(lambda found: "[temporary]" if found[1] else both[found[2]], text)
