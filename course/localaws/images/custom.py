"""Images of the account's own registry: what a build left of them, and how they are run.

Rules of running: "How Amazon SageMaker AI Runs Your Training Image", "Custom Inference Code with Hosting Services" and "How Amazon
SageMaker Processing Runs Your Processing Container Image" of the SageMaker developer guide, read 2026-11-25: ``docker run image train``,
``docker run image serve``, and ``docker run image`` with ``--entrypoint`` and arguments where the job gives them.

A body is a folder named by the digest of its configuration: ``config.json``, ``files`` (each under the path that it has in the image) and
``packages`` (what pip installed). It is never changed. The files of the base are this machine's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tarfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course.localaws import images
from course.localaws.images import Image
from course.sandbox.visible import BindMount

PYTHON = re.compile(r"/(usr/|usr/local/|opt/conda/)bin/python[\d.]*")
# Folders that a box shows of this machine, or makes itself: of these an image adds to what is there. All others are its own and take the
# place of this machine's, as /etc/ssl would: what is in an image's /etc/ssl/certs is added to nothing.
SHARED = ("/", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/run", "/sbin", "/bin", "/tmp", "/usr", "/var", "/var/tmp")
MULTI_MODEL = "com.amazonaws.sagemaker.capabilities.multi-models"
GROWING = ("/lib", "/lib64", "/sbin", "/bin", "/usr")  # shared with all their folders that this machine has


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
        """A Python that is named by its path in the base is the one that has the image's packages."""
        if argv and PYTHON.fullmatch(argv[0]) and not os.path.lexists(self.files / argv[0][1:]):
            return ["python3", *argv[1:]]
        return argv

    def _verb(self, verb: str, module: str) -> list[str]:
        """The ENTRYPOINT's, else the image's own program of that name, else that of the framework image that it is built from."""
        if self.entrypoint:
            return self._run([*self.entrypoint, verb])
        if found := self._program(verb):
            return [found]
        return images.run_module(module) if module else [verb]

    def _program(self, name: str) -> str:
        for folder in self.environment.get("PATH", "").split(os.pathsep):
            path = PurePosixPath(folder, name)
            if path.is_absolute() and os.path.lexists(self.files / path.relative_to("/")):
                return str(path)
        return ""


class ImageStore:
    """The bodies of images, in a folder of the state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: set[str] = set()  # what was taken, or is being taken, since this process began
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, exist_ok=True)

    def take(self, archive: Path) -> str:
        """Keep a body that `course.localaws.docker_build.archive.pack` wrote, and return its digest, ``"sha256:…"``.

        Raises
        ------
        ValueError
            It is no such archive.
        """
        with self.beside() as folder:
            body = folder / "body"
            try:
                with tarfile.open(archive) as tar:
                    tar.extractall(body, filter="tar")  # an image may hold links to anywhere: boxes follow them inside
                config = (body / "config.json").read_bytes()
                json.loads(config)["config"]
            except (tarfile.TarError, KeyError, ValueError, FileNotFoundError) as error:
                raise ValueError(f"this is not the body of an image: {error}") from None
            for name in ("files", "packages"):
                (body / name).mkdir(exist_ok=True)
            hexadecimal = hashlib.sha256(config).hexdigest()
            with self._lock:
                self._new.add(hexadecimal)
                if not (self._folder / hexadecimal).exists():
                    body.rename(self._folder / hexadecimal)
        return f"sha256:{hexadecimal}"

    @contextlib.contextmanager
    def beside(self) -> Iterator[Path]:
        """A folder for what is on its way in; gone afterwards, or, when this process is killed, at the next start."""
        folder = self._folder / f"{uuid.uuid4().hex}.new"
        with self._lock:
            self._new.add(folder.name)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._new.discard(folder.name)

    def image(self, uri: str, digest: str, resolved: str) -> CustomImage:
        """The image whose configuration has a digest; see `Image.resolved`. Raises FileNotFoundError when its body is not here."""
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
            algorithm="",  # its metrics are the job's to define
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
        """Remove all but the bodies of these configurations' digests, and what a crash left half written.

        What was taken since this process began stays: a manifest that names it may be on its way.
        """
        with self._lock:
            kept = self._new | {digest.removeprefix("sha256:") for digest in named}
            for path in self._folder.iterdir():
                if path.name not in kept:
                    shutil.rmtree(path)

    def clear(self) -> None:
        """Remove every body."""
        with self._lock:
            self._new.clear()
        self.sweep(set())


def binds(files: Path) -> list[BindMount]:
    """What a box is to see of an image's files: whole folders where they are the image's own, else what is in them; not /opt/ml."""
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
    """Copy what an image has below /opt/ml to a box's root, but for the folders ``without``, which SageMaker mounts over it."""
    source = files / "opt/ml" if files else None
    if source and source.is_dir():
        left_out = shutil.ignore_patterns(*without)
        shutil.copytree(
            source, root, symlinks=True, dirs_exist_ok=True, ignore=lambda at, names: left_out(at, names) if Path(at) == source else []
        )
