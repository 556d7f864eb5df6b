"""Images that the user built: their files in the state folder, and how they run.

Source of how they run: "How Amazon SageMaker AI Runs Your Training Image", "Custom Inference Code with Hosting Services" and "How Amazon
SageMaker Processing Runs Your Processing Container Image" of the SageMaker developer guide, read 2026-11-25: ``docker run image train``,
``docker run image serve``, and ``docker run image`` with the job's ``--entrypoint`` and arguments, if any.

An image's body is a folder whose name is the digest of its configuration. It has ``config.json``, ``files`` (each under its path in the
image) and ``packages`` (what pip installed), and never changes. The files of the base image are this machine's. A configuration names its
base by URI, never by a module of this package: images of earlier releases run with today's programs.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course.localaws import images
from course.localaws.images import Image
from course.sandbox import trees
from course.sandbox.mounts import BindMount
from course.sandbox.trees import Directory, LinkRule, TreeError, remove

PYTHON = re.compile(r"/(usr/|usr/local/|opt/conda/)bin/python[\d.]*")
# Folders that a box takes from this machine or makes itself. An image's files in them are added to what is there. Any other folder of an
# image replaces this machine's: with files in /etc/ssl/certs, for example, the image's /etc/ssl is the only one.
SHARED = ("/", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/run", "/sbin", "/bin", "/tmp", "/usr", "/var", "/var/tmp")
LARGEST_CONFIG = 1 << 20  # bytes
MULTI_MODEL = "com.amazonaws.sagemaker.capabilities.multi-models"
GROWING = ("/lib", "/lib64", "/sbin", "/bin", "/usr")  # shared, and so are those of their subfolders that this machine has


@dataclass(frozen=True, slots=True)
class CustomImage(Image):
    """An image that the user built."""

    def train(self) -> list[str]:
        return self._verb("train", self.train_module)

    def serve(self) -> list[str]:
        return self._verb("serve", self.serve_module)

    def process(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> list[str]:
        return self._run(Image.process(self, entrypoint, arguments))

    def _run(self, argv: list[str]) -> list[str]:
        """Replaces the path of the base's Python by ``python3``, which has the image's packages."""
        if argv and PYTHON.fullmatch(argv[0]) and not self._has(PurePosixPath(argv[0])):
            return ["python3", *argv[1:]]
        return argv

    def _verb(self, verb: str, module: str) -> list[str]:
        """The command line of ``train`` or ``serve``: ENTRYPOINT, else the image's program of that name, else the base image's program."""
        if self.entrypoint:
            return self._run([*self.entrypoint, verb])
        if found := self._program(verb):
            return [found]
        return images.run_module(module) if module else [verb]

    def _program(self, name: str) -> str:
        for folder in self.environment.get("PATH", "").split(os.pathsep):
            path = PurePosixPath(folder, name)
            if path.is_absolute() and self._has(path):
                return str(path)
        return ""

    def _has(self, path: PurePosixPath) -> bool:
        """Whether the image itself has a file at an absolute path. Its links lead to other places in the image."""
        try:
            with Directory.open(self.files) as top:
                found = trees.find(top, path.parts[1:-1])
                with top.reach(found) as folder:
                    return folder.status(path.name) is not None
        except (OSError, TreeError):
            return False


class ImageStore:
    """The bodies of images, in a subfolder of the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: set[str] = set()  # bodies stored, or being stored, since this process began
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, exist_ok=True)

    def take(self, archive: Path) -> str:
        """Store a body that `course.localaws.docker_build.archive.pack` wrote, and return its digest, ``"sha256:…"``.

        Raises
        ------
        ValueError
            The archive is not such a body.
        """
        with self.beside() as folder:
            body = folder / "body"
            body.mkdir()
            try:
                with Directory.open(body) as top:
                    trees.unpack(archive, top, LinkRule.KEEP)
                    with top.read("config.json") as file:
                        config = _checked(file.read(LARGEST_CONFIG))
                    for name in ("files", "packages"):
                        top.enter(name, make=True).close()
            except (TreeError, ValueError, FileNotFoundError) as error:
                raise ValueError(f"this is not the body of an image: {error}") from None
            hexadecimal = hashlib.sha256(config).hexdigest()
            with self._lock:
                self._new.add(hexadecimal)
                if not (self._folder / hexadecimal).exists():
                    body.rename(self._folder / hexadecimal)
        return f"sha256:{hexadecimal}"

    @contextlib.contextmanager
    def beside(self) -> Iterator[Path]:
        """A temporary folder for an upload. It is removed afterwards, or at the next start if this process is killed."""
        folder = self._folder / f"{uuid.uuid4().hex}.new"
        with self._lock:
            self._new.add(folder.name)
            folder.mkdir()
        try:
            yield folder
        finally:
            remove(folder)
            self._new.discard(folder.name)

    def image(self, uri: str, digest: str, resolved: str) -> CustomImage:
        """The image whose configuration has this digest. Raises FileNotFoundError if its body is missing. ``resolved``: see `Image`."""
        body = self._folder / digest.removeprefix("sha256:")
        document = json.loads((body / "config.json").read_bytes())
        config = document["config"]
        base = images.find(document["from"]) if document["from"] else None
        environment = dict(variable.partition("=")[::2] for variable in config["Env"])
        paths = [environment.get("PYTHONPATH", ""), base.environment.get("PYTHONPATH", "") if base else ""]
        if any(paths):
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return CustomImage(
            uri=uri,
            name=base.name if base else uri.partition("/")[2],
            version=base.version if base else "",
            environment=environment,
            algorithm="",  # the job defines its metrics
            framework_module=base.framework_module if base else "",
            train_module=base.train_module if base else "",
            serve_module=base.serve_module if base else "",
            resolved=resolved,
            workdir=config["WorkingDir"] or ("" if base else "/"),
            multi_model=config.get("Labels", {}).get(MULTI_MODEL, str(base.multi_model if base else False)).lower() == "true",
            files=body / "files",
            packages=(body / "packages",),
            client_error=None,
            entrypoint=tuple(config["Entrypoint"] or ()),
            command=tuple(config["Cmd"] or ()),
            programs=base.programs if base else {},
            code=base.code if base else "code",
        )

    def sweep(self, named: set[str]) -> None:
        """Remove the bodies whose digests are not in ``named``, and uploads that a crash interrupted.

        Bodies that were stored since this process began stay, because the manifest that names them may still be coming.
        """
        with self._lock:
            kept = self._new | {digest.removeprefix("sha256:") for digest in named}
            for path in self._folder.iterdir():
                if path.name not in kept:
                    # A removal that is cut off must not leave a part of a body under its digest: `take` would keep that.
                    removed = path.rename(self._folder / f"{uuid.uuid4().hex}.old")
                    remove(removed)

    def clear(self) -> None:
        """Remove every body."""
        with self._lock:
            self._new.clear()
        self.sweep(set())


def _checked(data: bytes) -> bytes:
    """The configuration of an image as it is, after a look at what is read of it later. Raises ValueError."""
    try:
        document = json.loads(data)
        config = document["config"]
        lists = [config["Env"], config["Entrypoint"] or [], config["Cmd"] or [], list(config.get("Labels", {}).values())]
        texts = [document["from"] or "", config["WorkingDir"] or "", *itertools.chain.from_iterable(lists)]
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("config.json is no configuration") from None
    if not all(isinstance(text, str) and "\0" not in text for text in texts) or any(isinstance(each, str) for each in lists):
        raise ValueError("config.json has other values than texts")
    return data


def binds(files: Path) -> list[BindMount]:
    """The bind mounts that show an image's files in a box: whole folders that only the image has, single files elsewhere. Not /opt/ml."""
    return list(_binds(files, PurePosixPath("/")))


def _binds(files: Path, folder: PurePosixPath) -> Iterator[BindMount]:
    for entry in sorted((files / folder.relative_to("/")).iterdir()):
        path = folder / entry.name
        if path == PurePosixPath("/opt/ml"):
            continue
        if entry.is_dir() and not entry.is_symlink() and _is_shared(path):
            yield from _binds(files, path)
        else:
            yield BindMount(entry, Path(path), layer=True)


def _is_shared(path: PurePosixPath) -> bool:
    return str(path) in SHARED or (any(path.is_relative_to(top) for top in GROWING) and Path(path).is_dir())


def copy_opt_ml(files: Path | None, root: Path, without: tuple[str, ...] = ()) -> None:
    """Copy an image's /opt/ml to a box, except the folders ``without``, which SageMaker mounts over it.

    Raises TreeError when a link or a file of one is where the other has a folder, OSError.
    """
    if files is None:
        return
    with Directory.open(files) as top, Directory.open(root) as target:
        try:
            source = top.reach(trees.find(top, ("opt", "ml")))
        except FileNotFoundError:
            return
        with source:
            trees.copy(source, target, LinkRule.KEEP, lambda entry: entry.parts[0] not in without)
