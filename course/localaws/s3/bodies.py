"""Bodies of objects and parts: one plain, immutable file each, that is nobody's until the index names it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from course.localaws.core.errors import AwsError
from course.localaws.s3.checksums import Checksum
from course.localaws.s3.spread import spread_folders

CHUNK = 1 << 20


class UncommittedBlob:
    """A body that the index does not name yet; leaving its context without `keep` leaves nothing behind."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.name = path.name
        self.size = size
        self._kept = False

    def keep(self) -> None:
        """Let it stay, since a committed row of the index names it."""
        self._kept = True

    def close(self) -> None:
        """Release what is open on the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)


class BlobWriter(UncommittedBlob):
    """A body on its way in, hashed while it is written."""

    def __init__(self, path: Path, checksums: Iterable[Checksum] = ()) -> None:
        super().__init__(path, 0)
        self.checksums = list(checksums)
        self._md5 = hashlib.md5(usedforsecurity=False)
        # Read-only from its birth: a job that hard-links the file must not change the object by accident.
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o444)

    def write(self, data: bytes) -> None:
        self.digest(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise _storage_error(error, self.path.parent.parent) from error

    def digest(self, data: bytes) -> None:
        self.size += len(data)
        self._md5.update(data)
        for checksum in self.checksums:
            checksum.update(data)

    @property
    def md5(self) -> str:
        """MD5 in hex: the ETag of an object that was put in one piece."""
        return self._md5.hexdigest()

    def copy_file(self, path: Path, start: int = 0, length: int | None = None) -> None:
        """Append ``length`` bytes of another file, from ``start`` on; all the rest when None."""
        for data in read_chunks(path, start, length):
            self.write(data)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class BlobStore:
    """The files ``<first two of name>/<name>`` below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        spread_folders(root)
        self._folders: set[str] = set()  # that exist; made when a body first needs them

    def path(self, name: str) -> Path:
        return self.root.joinpath(name[:2], name)

    def receive(self, checksums: Iterable[Checksum] = ()) -> BlobWriter:
        """A new body to write to, as a context manager that removes it unless it was kept."""
        path = self._new()
        try:
            return BlobWriter(path, checksums)
        except OSError as error:
            raise _storage_error(error, self.root) from error

    def take(self, path: Path, incoming: BlobWriter) -> None:
        """Let ``incoming`` be the file ``path`` itself, of the same file system, which is gone from its old place afterwards."""
        for data in read_chunks(path):
            incoming.digest(data)
        path.chmod(0o444)
        path.replace(incoming.path)

    def link(self, path: Path) -> UncommittedBlob:
        """A second name for a kept body: a copied object costs no bytes, and either one may be deleted."""
        copy = self._new()
        try:
            os.link(path, copy)
        except OSError:  # a file system without links, or with too many of this file
            shutil.copyfile(path, copy)
            copy.chmod(0o444)
        return UncommittedBlob(copy, copy.stat().st_size)

    def _new(self) -> Path:
        """A name that no body has, in a folder that exists."""
        path = self.path(uuid.uuid4().hex)
        if path.name[:2] not in self._folders:
            try:
                path.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise _storage_error(error, self.root) from error
            self._folders.add(path.name[:2])
        return path

    def remove(self, names: Iterable[str]) -> None:
        """Delete bodies that no committed row names any longer."""
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> int:
        """Delete what a killed process left: unfinished bodies, and those whose transaction was never committed or was a deletion."""
        orphans = [path for folder in self.root.iterdir() for path in folder.iterdir() if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)


def read_chunks(path: Path, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """A file, or ``length`` bytes of it, in pieces of at most `CHUNK` bytes."""
    with path.open("rb", buffering=0) as source:
        source.seek(start)
        left = path.stat().st_size - start if length is None else length
        while left > 0 and (data := source.read(min(CHUNK, left))):
            yield data
            left -= len(data)


def digests(path: Path, checksum: Checksum) -> tuple[str, Checksum]:
    """MD5 in hex, and a checksum, of a file."""
    md5 = hashlib.md5(usedforsecurity=False)
    for data in read_chunks(path):
        md5.update(data)
        checksum.update(data)
    return md5.hexdigest(), checksum


def _storage_error(error: OSError, root: Path) -> AwsError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AwsError(
            "InsufficientStorage",
            f"The disk of the local AWS's objects ({root}) is full; nothing was stored. Free some space or delete objects.",
            status=507,
        )
    return AwsError("InternalError", f"The local AWS cannot write an object below {root}: {error.strerror}.", status=500)
