"""The account's container registry: finds the image of a URI. moto keeps ECR's records; `images.custom` keeps the images' files.

Sources of messages: https://github.com/aws/amazon-sagemaker-examples/issues/2534 (a job, no such repository), /issues/1476 (no such image),
https://github.com/wpilibsuite/DetectCoral/issues/37 (a role that may not pull), https://github.com/aws-samples/easy-amazon-sagemaker-deployments/issues/4
(a model), read 2026-11-25. Differences from AWS: a repository with a policy lets every role pull, and a model's role is not checked.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from typing import Any

from course.localaws import images
from course.localaws.core import json_text
from course.localaws.core.errors import invalid
from course.localaws.images.custom import CustomImage, ImageStore
from course.localaws.platform import Platform

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PULLING = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RepositoryImage:
    """An image in a repository: the digests of its manifest and its configuration. Both are ``""`` if the image does not exist.

    ``has_policy`` is true if the repository has a policy.
    """

    arn: str
    has_policy: bool
    digest: str = ""
    config: str = ""


class Registry:
    """Finds the images of one account and keeps their files in the state folder.

    Parameters
    ----------
    platform : Platform
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.bodies = ImageStore(platform.state / "images")
        images.connect(platform.account, self.find)

    def find(self, uri: str, parts: re.Match[str], role: str) -> CustomImage:
        """Finds the image of a URI of this account. Waits for moto.

        Parameters
        ----------
        uri : str
        parts : re.Match
            The match of `images.URI`.
        role : str
            The role of the job, which pulls the image; ``""`` for a model.

        Raises
        ------
        AwsError
            ``ValidationException``: the repository or the image does not exist, or the role may not pull it.
        """
        found = self._platform.identity.moto.run(lambda: self._look_up(parts))
        if not role and (found is None or not found.digest):
            raise invalid(f"Requested image {uri} not found.")
        repository = f"repository: {parts['repository']} in registry ID: {parts['account']}"
        if found is None:
            raise invalid(
                f"Cannot find {repository} Please check if your ECR repository exists and role {role} has proper pull permissions for "
                f"SageMaker: {', '.join(PULLING)}",
            )
        if role and not found.has_policy and not self._may_pull(role, found.arn):
            raise invalid(
                f"Access denied for {repository}. Please check if your ECR repository and image exist and role {role} has proper pull "
                f"permissions for SageMaker: {', '.join(PULLING)}",
            )
        if not found.digest:
            raise invalid(f"Cannot find the requested image: {uri}")
        resolved = f"{uri.partition('/')[0]}/{parts['repository']}@{found.digest}"
        try:
            return self.bodies.image(uri, found.config, resolved)
        except FileNotFoundError:
            raise invalid(
                f"The local AWS has no files of the image {uri}: its manifest names the configuration {found.config}, which was not built "
                "here. Build it with `course aws build`.",
            ) from None

    def _may_pull(self, role: str, repository: str) -> bool:
        return all(self._platform.identity.allows(role, action, repository) for action in PULLING)

    def recover(self) -> None:
        """Starts to remove, in the background, the files that no image uses. Call it before jobs or servers start from images."""
        threading.Thread(target=self._sweep, name="registry", daemon=True).start()

    def reset(self) -> None:
        self.bodies.clear()

    def shutdown(self) -> None:
        images.disconnect(self._platform.account)

    def _sweep(self) -> None:
        try:
            self.bodies.sweep(self._platform.identity.moto.run(self._named))
        except Exception:  # the next start tries again
            logger.info("the bodies of images were not swept", exc_info=True)

    # In moto's thread

    def _look_up(self, parts: re.Match[str]) -> RepositoryImage | None:
        """The image in its repository, or None if the repository does not exist."""
        try:
            repository = self._backends()[parts["region"]].repositories[parts["repository"]]
        except KeyError:  # the region may not exist either
            return None
        wanted, tag = parts["digest"], parts["tag"] or (None if parts["digest"] else "latest")
        for image in repository.images:
            if (not wanted or image.get_image_digest() == wanted) and (not tag or tag in image.image_tags):
                return RepositoryImage(repository.arn, bool(repository.policy), image.get_image_digest(), _config_of(image))
        return RepositoryImage(repository.arn, bool(repository.policy))

    def _named(self) -> set[str]:
        """The digests of all configurations that manifests in any region name."""
        repositories = [repository for backend in list(self._backends().values()) for repository in backend.repositories.values()]
        return {_config_of(image) for repository in repositories for image in repository.images}

    def _backends(self) -> Any:
        from moto.ecr.models import ecr_backends

        return ecr_backends[self._platform.account]


def _config_of(image: Any) -> str:
    """The digest of a manifest's configuration, or ``"none"`` if it names none: PutImage accepts any text as a manifest."""
    try:
        digest = str(json_text.load(image.image_manifest)["config"]["digest"])
    except (ValueError, KeyError, TypeError):
        return "none"
    return digest if DIGEST.fullmatch(digest) else "none"
