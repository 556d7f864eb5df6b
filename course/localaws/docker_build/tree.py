"""The files of an image, in a folder where each has its path in the image."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MOST_LINKS = 40  # the kernel's limit
PYTHON = re.compile(rb"#!\s*(/\S*/python[\d.]*)\s")


class ImageFiles:
    """The files of one image.

    Parameters
    ----------
    root : Path
        An existing folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, path: str) -> Path:
        """The place of an absolute path of the image. Links are followed inside the image, so the place is never outside `root`.

        Raises
        ------
        OSError
            Links form a loop.
        """
        found, rest, links = [], list(PurePosixPath(path).parts[1:]), 0
        while rest:
            part = rest.pop(0)
            if part in ("..", "."):
                del found[-1 if part == ".." else len(found) :]
                continue
            here = self.root.joinpath(*found, part)
            if not here.is_symlink():
                found.append(part)
                continue
            links += 1
            if links > MOST_LINKS:
                raise OSError(f"too many links on the way to {path}")
            target = PurePosixPath(here.readlink())
            found = [] if target.is_absolute() else found
            rest = [*[part for part in target.parts if part != "/"], *rest]
        return self.root.joinpath(*found)

    def make(self, path: str) -> Path:
        """A folder of the image, created if missing."""
        place = self.find(path)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def fixed_pythons(self) -> Iterator[tuple[str, str]]:
        """Programs whose first line has the path of a Python: ``(program, Python)``."""
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o100:
                with path.open("rb") as file:
                    found = PYTHON.match(file.readline(256))
                if found:
                    yield f"/{path.relative_to(self.root)}", found[1].decode()

    def copy(self, source: Path, path: str) -> Path:
        """Copy a file or link to ``path`` in the image, replacing what is there. Parent folders are created."""
        place = self.make(str(PurePosixPath(path).parent)) / PurePosixPath(path).name
        if place.is_symlink() and not source.is_symlink():
            place = self.find(path)
        if place.is_symlink() or place.is_file():
            place.unlink()
        if source.is_symlink():
            place.symlink_to(source.readlink())
        else:
            shutil.copyfile(source, place)
            place.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
        return place
