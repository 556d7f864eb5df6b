"""What the local AWS answers to a helper process that works on an Iceberg table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform


def of_service(platform: Platform, region: str, folder: Path, kms_key: str | None = None) -> dict[str, Callable[..., Any]]:
    """The functions for a helper that acts for a service of the local AWS itself.

    Parameters
    ----------
    folder : Path
        Of the helper's work. It gets decrypted copies of what is under a KMS key, and is removed with them.
    kms_key : str, optional
        The ARN of the key that encrypts new objects.
    """

    def path(uri: str) -> str:
        bucket, key = split(uri)
        try:
            return str(platform.objects.plain_file(platform.objects.head(bucket, key), folder))
        except AwsError as error:
            if error.status == 404:
                return ""
            raise

    def put(uri: str, path: str) -> None:
        platform.objects.put_file(*split(uri), Path(path), move=True, kms_key=kms_key)

    def delete(uri: str) -> None:
        platform.objects.delete(*split(uri))

    def glue(operation: str, parameters: dict) -> dict:
        return platform.moto.ask_json("glue", region, f"AWSGlue.{operation}", parameters)

    return {"path": path, "put": put, "delete": delete, "glue": glue}
