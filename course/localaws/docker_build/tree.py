"""The files of an image, in a folder where each has its path in the image."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from course.sandbox.trees import Directory, TreeError, find

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
        try:
            with Directory.open(self.root) as top:
                return self.root.joinpath(*find(top, PurePosixPath(path).parts[1:]))
        except TreeError as error:
            raise OSError(f"{path}: {error}") from None

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
