"""An image's body as one file, and the digests by which a registry knows it.

The layer is a plain tar of the image's files and packages, without times and owners: the same content has the same digest. Different from
Docker's: there is one layer, which holds no file of the base, and is not compressed.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layer:
    digest: str  # "sha256:…"
    size: int  # bytes


class _Measured(io.RawIOBase):
    """A file that keeps nothing but the digest and the size of what is written."""

    def __init__(self) -> None:
        self.sha256, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def layer_of(folder: Path) -> Layer:
    """The layer that an image's folder makes."""
    measured = _Measured()
    with tarfile.open(fileobj=measured, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, folder)
    return Layer(f"sha256:{measured.sha256.hexdigest()}", measured.size)


def pack(folder: Path, config: bytes, archive: Path) -> None:
    """Write an image's body: ``config.json``, then what its folder holds."""
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
        if member.islnk():  # hard links are files of their own
            member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size
        member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
        if member.isreg():
            with path.open("rb") as file:
                tar.addfile(member, file)
        else:
            tar.addfile(member)
