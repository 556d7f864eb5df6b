"""Builds images from Dockerfiles and pushes them to the ECR of a local AWS, without Docker."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core import credentials, sdk_environment
from course.localaws.docker_build import dockerignore
from course.localaws.docker_build.archive import layer_of, pack
from course.localaws.docker_build.dockerfile import DockerfileError, parse
from course.localaws.docker_build.instructions import ImageBuilder
from course.localaws.docker_build.packages import PipInstaller
from course.localaws.docker_build.push import PushError, push
from course.localaws.docker_build.run_instruction import RunExecutor
from course.localaws.docker_build.tree import ImageFiles
from course.localaws.images import URI

if TYPE_CHECKING:
    from course.localaws.server.launch import Handle

# "Amazon ECR repositories", https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html, as in moto.
TAG = re.compile(r"(?P<repository>(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*)(?::(?P<tag>[\w][\w.-]{0,127}))?")


class ImageBuildError(Exception):
    """An image could not be built or pushed. The message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image in ECR: ``uri``, as a job names it, and ``digest``, ``"sha256:…"`` of its manifest."""

    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The region, repository and tag of an image in the account's own registry."""

    region: str
    repository: str
    tag: str

    @property
    def uri(self) -> str:
        return f"{credentials.ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com/{self.repository}:{self.tag}"


def build(
    handle: Handle,
    directory: Path,
    tag: str,
    file: Path | None = None,
    arguments: Mapping[str, str] | None = None,
    report_line: Callable[[str], None] = lambda line: None,
) -> BuiltImage:
    """Build an image and push it to the ECR of a local AWS. A missing repository is created.

    Parameters
    ----------
    handle : Handle
        The running local AWS.
    directory : Path
        The build context, from which COPY copies.
    tag : str
        ``"repository"``, ``"repository:tag"``, or the whole URI for jobs. The default tag is ``latest``.
    file : Path, optional
        The Dockerfile. The default is ``directory / "Dockerfile"``.
    arguments : mapping, optional
        Values of ARG (``--build-arg``).
    report_line : callable
        Called with each line of output: steps, pip's output, and warnings.

    Raises
    ------
    ImageBuildError
        The build failed. Nothing was pushed.
    """
    name = named(tag)
    dockerfile = file or directory / "Dockerfile"
    if not directory.is_dir():
        raise ImageBuildError(f"{directory} is not a folder; name the folder that COPY copies from.")
    try:
        text = dockerfile.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImageBuildError(f"the Dockerfile {dockerfile} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        work = Path(folder)
        try:
            config = _run_instructions(text, directory, dockerfile, work, dict(arguments or {}), report_line)
        except DockerfileError as error:
            raise ImageBuildError(f"{dockerfile}: {error}") from None
        archive = work / "image.tar"
        layer = layer_of(work / "image")
        config |= {"rootfs": {"type": "layers", "diff_ids": [layer.digest]}}
        document = json.dumps(config, sort_keys=True).encode()
        pack(work / "image", document, archive)
        try:
            digest = push(handle, name.region, name.repository, name.tag, document, layer, archive)
        except PushError as error:
            raise ImageBuildError(str(error)) from None
    report_line(f"{name.uri} is {digest}")
    return BuiltImage(name.uri, digest)


def named(tag: str) -> ImageReference:
    """Parse a tag. Raises ImageBuildError."""
    parts = URI.fullmatch(tag)
    if parts and (parts["account"] != credentials.ACCOUNT or parts["digest"]):
        raise ImageBuildError(
            f"{tag} is not to be had: an image of your own has the account {credentials.ACCOUNT}, and a tag instead of a digest."
        )
    found = TAG.fullmatch(tag if parts is None else tag.partition("/")[2])
    if found is None:
        raise ImageBuildError(
            f"{tag!r} is no tag. Write repository:tag, the repository in lower-case letters, digits, and . _ - / between them; "
            "or the whole URI that jobs will name."
        )
    return ImageReference(parts["region"] if parts else sdk_environment.REGION, found["repository"], found["tag"] or "latest")


def _run_instructions(
    text: str, directory: Path, dockerfile: Path, work: Path, arguments: dict[str, str], report_line: Callable[[str], None]
) -> dict:
    """Run a Dockerfile's instructions. The image's files go to ``work / "image"``. Returns the image's configuration."""
    instructions, escape = parse(text)
    tree = ImageFiles(work / "image/files")
    tree.root.mkdir(parents=True)
    packages = PipInstaller(work, tree, report_line)

    def warn(sentence: str) -> None:
        report_line(f"[warning] {sentence}")

    runner = RunExecutor(tree, packages.install, warn)
    steps = ImageBuilder(directory, dockerignore.read(dockerfile, directory), tree, runner, arguments, escape, warn)
    for number, instruction in enumerate(instructions, 1):
        report_line(f"[{number}/{len(instructions)}] {instruction.name} {instruction.text}")
        steps(instruction)
    packages.keep(work / "image/packages")
    for program, python in tree.fixed_pythons():
        warn(f"{program} begins with #!{python}, which has none of the image's packages here. Write #!/usr/bin/env python3.")
    return steps.document([f"{instruction.name} {instruction.text}" for instruction in instructions])
