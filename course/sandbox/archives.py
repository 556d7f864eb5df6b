"""Packs a folder into a tar file, and unpacks a tar file safely."""

from __future__ import annotations

import tarfile
from pathlib import Path


def pack(folder: Path, archive: Path) -> None:
    """Write everything below ``folder`` to a gzipped tar file, by names relative to the folder, sorted."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar file, gzipped or not. Raises `tarfile.TarError` when it is not one, or when a member leads out of ``folder``."""
    with tarfile.open(archive, "r:*") as tar:
        tar.extractall(folder, filter="data")
