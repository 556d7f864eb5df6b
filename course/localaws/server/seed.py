"""Loads a folder with the files ``DIR/<bucket>/<key>`` into S3."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class SeedError(Exception):
    """The folder could not be loaded. The message says what is wrong with it."""


def seed(client: Any, directory: Path) -> tuple[int, int, int]:
    """Upload every file below ``directory`` to the bucket and key of its path. Missing buckets are created.

    Parameters
    ----------
    client : boto3 S3 client
    directory : Path

    Returns
    -------
    tuple of int
        Numbers of buckets, objects and bytes.

    Raises
    ------
    SeedError
        The folder is missing, has files outside a bucket's folder, or S3 refuses a bucket's name. The first two are checked before
        any upload.
    """
    buckets = _buckets(directory)
    objects = size = 0
    for bucket in buckets:
        try:
            client.create_bucket(Bucket=bucket.name)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise SeedError(f"bucket {bucket.name!r} cannot be made: {error}") from None
        for path in sorted(item for item in bucket.rglob("*") if item.is_file()):
            client.upload_file(str(path), bucket.name, path.relative_to(bucket).as_posix())
            objects += 1
            size += path.stat().st_size
    return len(buckets), objects, size


def _buckets(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise SeedError(f"{directory} is not a folder; it should hold one folder for each bucket.")
    if loose := sorted(path.name for path in directory.iterdir() if not path.is_dir()):
        raise SeedError(
            f"{directory} holds files that are in no bucket ({', '.join(loose[:5])}); it should hold one folder for each bucket."
        )
    return sorted(directory.iterdir())
