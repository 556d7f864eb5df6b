"""Pushes a built image: uploads its body to the local AWS and its manifest to the repository in ECR."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.localaws.docker_build.archive import Layer

if TYPE_CHECKING:
    from course.localaws.server.launch import Handle

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class PushError(Exception):
    """ECR refuses an image. The message says why."""


def push(handle: Handle, region: str, repository: str, tag: str, config: bytes, layer: Layer, archive: Path) -> str:
    """Push an image and return its digest. Pushing the same image again changes nothing. Raises PushError, ServerError."""
    handle.upload_image(archive)
    manifest = manifest_of(config, layer)
    digest = digest_of(manifest.encode())
    ecr = _client(handle, region)
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository)
    image = {"repositoryName": repository, "imageTag": tag, "imageManifest": manifest, "imageManifestMediaType": MANIFEST}
    try:
        ecr.put_image(**image, imageDigest=digest)
    except ecr.exceptions.ImageAlreadyExistsException as error:  # this same image, or an immutable tag
        there = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"][0]["imageDigest"]
        if there != digest:
            raise PushError(f"{repository}:{tag} cannot become another image: {error.response['Error']['Message']}") from None
    except ecr.exceptions.ClientError as error:
        raise PushError(f"ECR refuses {repository}:{tag}: {error.response['Error']['Message']}") from None
    return digest


def manifest_of(config: bytes, layer: Layer) -> str:
    """The image manifest, Version 2, Schema 2: https://distribution.github.io/distribution/spec/manifest-v2-2/ (not looked up)."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest_of(config)},
            "layers": [{"mediaType": LAYER, "size": layer.size, "digest": layer.digest}],
        },
        indent=3,
    )


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _client(handle: Handle, region: str) -> Any:
    """A boto3 client of ECR that ignores this process's profiles and proxies for real accounts."""
    import boto3  # here, because its import takes longer than the other commands of `course aws`
    from botocore.config import Config

    variables = handle.environment()
    session = boto3.Session(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"], region)
    return session.client("ecr", endpoint_url=handle.endpoint, config=Config(proxies={}))
