"""A string in every reference answer and hidden check, so that a search finds leaks into what learners receive."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

TOKEN = "-".join(("canary", "4f1c9e", "never", "release"))  # joined, so that this file, which is released, does not contain it
NOTE = f"{TOKEN}: reference answers and hidden checks stay out of everything that learners receive"


def leaks(place: Path) -> list[str]:
    """The files below a folder, or in a wheel, zip or tar archive, that hold the canary; sorted.

    Raises
    ------
    FileNotFoundError
        When ``place`` does not exist: the search would find no leak.
    """
    if not place.exists():
        raise FileNotFoundError(f"cannot search {place} for the canary: there is no such file or folder.")
    return sorted(name for name, content in _contents(place) if TOKEN.encode() in content)


def _contents(place: Path) -> Iterator[tuple[str, bytes]]:
    if place.is_dir():
        for path in place.rglob("*"):
            if path.is_file():
                yield from _contents(path)
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            for member in archive.infolist():
                yield f"{place}:{member.filename}", archive.read(member)
    elif tarfile.is_tarfile(place):
        with tarfile.open(place) as archive:
            for member in archive:
                if file := archive.extractfile(member):
                    yield f"{place}:{member.name}", file.read()
    else:
        yield str(place), place.read_bytes()
