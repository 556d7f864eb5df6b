"""Packs a folder into a tar file, and unpacks a tar file safely."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path


def pack(folder: Path, archive: Path) -> None:
    """Write everything below ``folder`` to a gzipped tar file, by names relative to the folder, sorted."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def unpack(archive: Path, folder: Path, reserve: Callable[[int], None] = lambda size: None) -> None:
    """Unpack a tar file, gzipped or not.

    Parameters
    ----------
    reserve : callable
        Gets the size of each member before it is unpacked, and may raise.

    Raises
    ------
    tarfile.TarError
        It is no tar file, or a member leads out of ``folder``.
    """

    def filtered(member: tarfile.TarInfo, place: str) -> tarfile.TarInfo | None:
        reserve(member.size)
        return tarfile.data_filter(member, place)

    with tarfile.open(archive, "r:*") as tar:
        tar.extractall(folder, filter=filtered)
