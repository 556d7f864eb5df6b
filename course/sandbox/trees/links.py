"""Links of a tree: which ones may be made, and where one leads. None is followed by the kernel."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from pathlib import PurePosixPath
from typing import BinaryIO

from course.sandbox.trees.directory import Directory, TreeError

MOST_LINKS = 40  # the kernel's limit for one path
ROOT = PurePosixPath("/")


class LinkRule(Enum):
    """What becomes of the links of a tree that is copied or unpacked.

    ``REFUSE``: there may be none, nor names in an archive that begin with ``/``. ``INSIDE``: a link may lead to a place in the tree.
    ``KEEP``: a link may have any text, as in the root of an image, whose links a box follows within itself.
    """

    REFUSE = "refuse"
    INSIDE = "inside"
    KEEP = "keep"

    def check(self, parts: tuple[str, ...], target: str) -> None:
        """Raises TreeError unless a link at ``parts`` may have the text ``target``."""
        if self is LinkRule.REFUSE:
            raise TreeError(f"{'/'.join(parts)} is neither a file nor a directory, but a link")
        if "\0" in target or not target:
            raise TreeError(f"{'/'.join(parts)} is a link to no file name")
        if self is LinkRule.INSIDE and not stays(len(parts) - 1, target):
            raise TreeError(f"{'/'.join(parts)} is a link that leads out of the folder")


def stays(depth: int, target: str) -> bool:
    """Whether a link in a folder ``depth`` levels below the top stays in the tree, whatever other links there are.

    It may climb at its beginning only, as far as the top. A ``..`` behind a name could climb from where another link leads.
    """
    names = [name for name in target.split("/") if name not in ("", ".")]
    climbs = next((number for number, name in enumerate(names) if name != ".."), len(names))
    return not target.startswith("/") and climbs <= depth and ".." not in names[climbs:]


def find(top: Directory, parts: Iterable[str], mounted: PurePosixPath = ROOT) -> tuple[str, ...]:
    """The names of the place in a tree to which a path leads, which need not exist. Links are followed by their text, within the tree.

    Parameters
    ----------
    top : Directory
    parts : iterable of str
        May have ``..``.
    mounted : PurePosixPath
        The path at which programs know ``top``: where an absolute link begins. ``/`` has no folder above it, so ``..`` stays there.

    Raises
    ------
    TreeError
        It leads out of the tree, or links form a loop.
    """
    found: list[str] = []
    rest, links = deque(parts), 0
    while rest:
        part = rest.popleft()
        if part in ("", "."):
            continue
        if part == "..":
            if not found and mounted != ROOT:
                raise TreeError("a link leads out of the folder")
            del found[-1:]
            continue
        target = _text(top, found, part)
        if target is None:
            found.append(part)
            continue
        links += 1
        if links > MOST_LINKS:
            raise TreeError(f"there are too many links on the way to {part}")
        if target.startswith("/"):
            if not PurePosixPath(target).is_relative_to(mounted):
                raise TreeError(f"{part} is a link that leads out of the folder")
            found, target = [], str(PurePosixPath(target).relative_to(mounted))
        rest.extendleft(reversed(target.split("/")))
    return tuple(found)


def open_file(top: Directory, parts: Iterable[str], mounted: PurePosixPath = ROOT) -> BinaryIO:
    """Open the regular file to which a path leads, as `find` does. Raises TreeError as `find`, and when it is no such file; OSError."""
    found = find(top, parts, mounted)
    if not found:
        raise TreeError("this is a folder")
    with top.reach(found[:-1]) as folder:
        return folder.read(found[-1])


def _text(top: Directory, folder: list[str], name: str) -> str | None:
    """The text of a link; None when there is no link of that name."""
    try:
        with top.reach(folder) as opened:
            return opened.link(name)
    except (OSError, TreeError):  # OSError, EINVAL: it is no link
        return None
