"""Packs an image's body into one file, and computes its layer's digest.

The layer is a plain tar of the image's files and packages. It has no times and owners, so the same content has the same digest. Different
from Docker: there is one layer without any file of the base image, and it is not compressed.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layer:
    """The layer of an image."""

    digest: str  # "sha256:…"
    size: int  # bytes


class _Measured(io.RawIOBase):
    """A file that computes the digest and the size of its contents and stores nothing."""

    def __init__(self) -> None:
        self.sha256, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def layer_of(folder: Path) -> Layer:
    """The layer of an image's folder."""
    measured = _Measured()
    with tarfile.open(fileobj=measured, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, folder)
    return Layer(f"sha256:{measured.sha256.hexdigest()}", measured.size)


def pack(folder: Path, config: bytes, archive: Path) -> None:
    """Write an image's body: ``config.json``, then the contents of its folder."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("config.json")
        member.size = len(config)
        tar.addfile(member, io.BytesIO(config))
        _add(tar, folder)


def _add(tar: tarfile.TarFile, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        member = tar.gettarinfo(path, path.relative_to(folder).as_posix())
        if member is None:
            continue  # a socket
        if member.islnk():  # a hard link becomes a file
            member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size
        member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
        if member.isreg():
            with path.open("rb") as file:
                tar.addfile(member, file)
        else:
            tar.addfile(member)
