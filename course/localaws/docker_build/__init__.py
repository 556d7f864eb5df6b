"""What stands for ``docker build`` and ``docker push``: a Dockerfile becomes an image of the local AWS's registry, without Docker."""

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

# "Amazon ECR repositories", https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html; as moto has it.
TAG = re.compile(r"(?P<repository>(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*)(?::(?P<tag>[\w][\w.-]{0,127}))?")


class ImageBuildError(Exception):
    """An image could not be built or registered; the message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image of the registry: ``uri`` as a job names it, and ``digest``, ``"sha256:…"`` of its manifest."""

    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImageReference:
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
    tell: Callable[[str], None] = lambda line: None,
) -> BuiltImage:
    """Build an image and put it into the ECR of a local AWS; its repository is made when absent.

    Parameters
    ----------
    handle : Handle
        The running local AWS.
    directory : Path
        The build's folder, of which COPY copies.
    tag : str
        ``"repository"``, ``"repository:tag"``, or the whole URI that a job is to name; the tag is ``latest`` unless given.
    file : Path, optional
        The Dockerfile; ``directory / "Dockerfile"`` when not given.
    arguments : mapping, optional
        Values of ARGs.
    tell : callable
        Is given a line at a time: the steps, what pip prints, and what was passed over.

    Raises
    ------
    BuildError
        Nothing was registered.
    """
    name = named(tag)
    dockerfile = file or directory / "Dockerfile"
    if not directory.is_dir():
        raise ImageBuildError(f"{directory} is not a folder; name the one of which COPY is to copy.")
    try:
        text = dockerfile.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImageBuildError(f"the Dockerfile {dockerfile} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        work = Path(folder)
        try:
            config = _carried_out(text, directory, dockerfile, work, dict(arguments or {}), tell)
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
    tell(f"{name.uri} is {digest}")
    return BuiltImage(name.uri, digest)


def named(tag: str) -> ImageReference:
    """What a tag says. Raises BuildError."""
    parts = URI.fullmatch(tag)
    if parts and (parts["account"] != credentials.ACCOUNT or parts["digest"]):
        raise ImageBuildError(
            f"{tag} is not to be had: an image of your own has the account {credentials.ACCOUNT}, and a tag instead of a digest."
        )
    found = TAG.fullmatch(tag if parts is None else tag.partition("/")[2])
    if found is None:
        raise ImageBuildError(
            f"{tag!r} is no tag. Write repository:tag, the repository in lower-case letters, digits, and . _ - / between them; "
            "or the whole URI under which a job is to name it."
        )
    return ImageReference(parts["region"] if parts else sdk_environment.REGION, found["repository"], found["tag"] or "latest")


def _carried_out(text: str, directory: Path, dockerfile: Path, work: Path, arguments: dict[str, str], tell: Callable[[str], None]) -> dict:
    """Carry out a Dockerfile: the image's folder is ``work / "image"``, and its configuration is returned."""
    instructions, escape = parse(text)
    tree = ImageFiles(work / "image/files")
    tree.root.mkdir(parents=True)
    packages = PipInstaller(work, tree, tell)

    def warn(sentence: str) -> None:
        tell(f"[warning] {sentence}")

    runner = RunExecutor(tree, packages.install, warn)
    steps = ImageBuilder(directory, dockerignore.read(dockerfile, directory), tree, runner, arguments, escape, warn)
    for number, instruction in enumerate(instructions, 1):
        tell(f"[{number}/{len(instructions)}] {instruction.name} {instruction.text}")
        steps(instruction)
    packages.keep(work / "image/packages")
    for program, python in tree.fixed_pythons():
        warn(f"{program} begins with #!{python}, which has none of the image's packages here. Write #!/usr/bin/env python3.")
    return steps.document([f"{instruction.name} {instruction.text}" for instruction in instructions])
