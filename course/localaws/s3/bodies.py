"""Bodies of objects and parts: one immutable file each. A body belongs to an object once the index names it.

A body under a KMS key is encrypted (`course.localaws.s3.sealing`); all others are plain.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course.localaws.core.errors import AwsError
from course.localaws.core.quota import StateQuota
from course.localaws.s3 import sealing
from course.localaws.s3.checksums import Checksum
from course.localaws.s3.sealing import Seal
from course.localaws.s3.spread import spread_folders

CHUNK = 1 << 20


class UncommittedBlob:
    """A body that the index does not name yet. The context manager deletes the file unless `keep` was called."""

    def __init__(self, path: Path, size: int, seal: Seal | None = None) -> None:
        self.path = path
        self.name = path.name
        self.size = size
        self.seal = seal
        self._kept = False

    def keep(self) -> None:
        """Keeps the file, because a committed row of the index names it."""
        self._kept = True

    def finish(self) -> None:
        """Writes what is left to write."""

    def close(self) -> None:
        """Closes the file if it is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)


class BlobWriter(UncommittedBlob):
    """A body that is being written and hashed. With a seal and its cipher it is encrypted, too. ``size`` counts the bytes before that."""

    def __init__(
        self, path: Path, quota: StateQuota, checksums: Iterable[Checksum] = (), sealed: tuple[Seal, AESGCM] | None = None
    ) -> None:
        super().__init__(path, 0, sealed and sealed[0])
        self.checksums = list(checksums)
        self._sealer = sealing.Sealer(sealed[1]) if sealed else None
        self._quota = quota
        self._md5 = hashlib.md5(usedforsecurity=False)
        # Read-only from the start: a job that hard-links the file must not change the object by accident.
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o444)

    def write(self, data: bytes) -> None:
        """Raises ``InsufficientStorage`` when the disk is full or the quota is reached."""
        self._quota.admit(len(data))
        self.digest(data)
        self._put(self._sealer.add(data) if self._sealer else data)

    def _put(self, data: bytes) -> None:
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
        """MD5 in hex."""
        return self._md5.hexdigest()

    @property
    def etag(self) -> str:
        """The ETag of an object that was put in one piece: its MD5, but for an object under a KMS key ("Object", S3 API Reference)."""
        if self.seal is None:
            return self.md5
        return hashlib.md5(f"{self.seal.data_key} {self.md5}".encode(), usedforsecurity=False).hexdigest()

    def copy(self, body: Body, start: int = 0, length: int | None = None) -> None:
        """Appends ``length`` bytes of another body, from byte ``start``, or all bytes from there if ``length`` is None."""
        for data in body.chunks(start, length):
            self.write(data)

    def copy_file(self, path: Path) -> None:
        """Appends the bytes of a file."""
        for data in read_chunks(path):
            self.write(data)

    def finish(self) -> None:
        """Writes what is left to write. Raises as `write` does."""
        if self._sealer:
            self._put(self._sealer.end())

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class BlobStore:
    """The files of all bodies: ``<first two characters of name>/<name>`` below ``root``."""

    def __init__(self, root: Path, quota: StateQuota) -> None:
        self.root = root
        self._quota = quota
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        spread_folders(root)
        self._folders: set[str] = set()  # the existing ones; each is made when a body first needs it
        self._lock = threading.Lock()
        self._readers = 0
        self._removed: list[str] = []  # while somebody reads

    def path(self, name: str) -> Path:
        return self.root.joinpath(name[:2], name)

    def receive(self, checksums: Iterable[Checksum] = (), sealed: tuple[Seal, AESGCM] | None = None) -> BlobWriter:
        """A new body to write to. As a context manager it removes the file unless `keep` was called."""
        path = self._new()
        try:
            return BlobWriter(path, self._quota, checksums, sealed)
        except OSError as error:
            raise _storage_error(error, self.root) from error

    def take(self, path: Path, incoming: BlobWriter) -> None:
        """Moves the file ``path``, which must be on the same file system, to become the body of ``incoming``."""
        self._quota.admit(path.stat().st_size)
        for data in read_chunks(path):
            incoming.digest(data)
        path.chmod(0o444)
        path.replace(incoming.path)

    def link(self, path: Path) -> UncommittedBlob:
        """A hard link to a kept plain body: a copied object needs no extra space, and either name may be deleted."""
        copy = self._new()
        try:
            os.link(path, copy)
        except OSError:  # the file system has no hard links, or the file has too many
            self._quota.admit(path.stat().st_size)
            shutil.copyfile(path, copy)
            copy.chmod(0o444)
        return UncommittedBlob(copy, copy.stat().st_size)

    def _new(self) -> Path:
        """An unused path in an existing folder."""
        path = self.path(uuid.uuid4().hex)
        if path.name[:2] not in self._folders:
            try:
                path.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise _storage_error(error, self.root) from error
            self._folders.add(path.name[:2])
        return path

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the files of removed bodies until this ends.

        Whoever looks an object up and then opens its file needs this: another thread may overwrite the object in between.
        """
        with self._lock:
            self._readers += 1
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1
                doomed = [] if self._readers else self._removed
                self._removed = self._removed if self._readers else []
            self._unlink(doomed)

    def remove(self, names: Iterable[str]) -> None:
        """Deletes bodies that no committed row names any longer."""
        with self._lock:
            if self._readers:
                self._removed += names
                return
        self._unlink(names)

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> int:
        """Deletes bodies that the index does not name: a killed process left them unfinished, uncommitted, or not yet removed."""
        orphans = [path for folder in self.root.iterdir() for path in folder.iterdir() if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)


class Body:
    """An open body to read from. It can be read to its end even if its object is deleted or overwritten meanwhile.

    Parameters
    ----------
    path : Path
    size : int
        Bytes of the body before encryption.
    cipher : AESGCM, optional
        Of an encrypted body.
    """

    def __init__(self, path: Path, size: int, cipher: AESGCM | None = None) -> None:
        self.size, self._cipher = size, cipher
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, start: int, length: int) -> bytes:
        """At most ``length`` bytes from byte ``start``."""
        if self._cipher is None:
            return os.pread(self._file, length, start)
        return sealing.read(self._file, self._cipher, start, min(length, self.size - start))

    def chunks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of at most `CHUNK` bytes."""
        left = self.size - start if length is None else length
        while left > 0 and (data := self.read(start, min(CHUNK, left))):
            yield data
            start, left = start + len(data), left - len(data)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BodyStream(io.RawIOBase):
    """A body as a readable binary file. Closing it closes the body."""

    def __init__(self, body: Body) -> None:
        self._body, self._at = body, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        data = self._body.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._body.size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def read_chunks(path: Path) -> Iterator[bytes]:
    """Reads a file in pieces of at most `CHUNK` bytes."""
    with path.open("rb", buffering=0) as source:
        while data := source.read(CHUNK):
            yield data


def digests(body: Body, checksum: Checksum) -> tuple[str, Checksum]:
    """The MD5 in hex and the checksum of a body."""
    md5 = hashlib.md5(usedforsecurity=False)
    for data in body.chunks():
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
