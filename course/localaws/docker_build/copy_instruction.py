"""COPY and ADD: copy files from the build context to the image. Sources on the network or in other images are not supported."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from course.localaws.docker_build.dockerfile import Instruction
from course.localaws.docker_build.dockerignore import DockerIgnore, glob
from course.localaws.docker_build.tree import ImageFiles
from course.sandbox import trees
from course.sandbox.trees import Directory, LinkRule, TreeError

URL = re.compile(r"(https?|ftp)://|git@|\S+\.git(#|$)")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Copier:
    """Runs the COPY and ADD instructions of one image.

    Parameters
    ----------
    context : Path
        The build context.
    ignored : DockerIgnore
    tree : ImageFiles
    warn : callable
        Called with a sentence about each option without effect.
    """

    def __init__(self, context: Path, ignored: DockerIgnore, tree: ImageFiles, warn: Callable[[str], None]) -> None:
        self._context, self._ignored, self._tree, self._warn = context.resolve(), ignored, tree, warn

    def __call__(self, instruction: Instruction, listed: list[str], folder: str) -> None:
        """Copy all but the last path of ``listed`` to the last one, relative to a folder of the image. Raises DockerfileError."""
        mode = self._mode(instruction)
        *sources, target = listed
        if not sources:
            raise instruction.error("it needs a source and a destination.")
        place = str(PurePosixPath("/", folder, target))
        found = [path for source in sources for path in self._found(instruction, source)]
        into = target.endswith(("/", "/.")) or target == "." or self._tree.find(place).is_dir()
        if len(found) > 1 and not into:
            raise instruction.error(f"several files go to {target}, which must be a folder: write {target}/.")
        for path in found:
            if path.is_dir():
                self._bring_folder(path.resolve(), place, mode)
            elif instruction.name == "ADD" and path.name.endswith(TARS) and tarfile.is_tarfile(path):
                self._unpack(instruction, path, place)
            else:
                self._bring_file(path.resolve(), f"{place}/{path.name}" if into else place, mode)

    def _mode(self, instruction: Instruction) -> int | None:
        for flag in instruction.flags:
            if flag == "from":
                raise instruction.error(
                    "--from takes files of another stage or image, and builds of several stages are not supported here. COPY them from the "
                    "build's folder."
                )
            if flag not in ("chmod", "chown", "link"):
                raise instruction.error(f"--{flag} is not supported here.")
        if "chown" in instruction.flags:
            self._warn(f"line {instruction.line}: --chown has no effect here: a box runs as the user of the local AWS.")
        text = instruction.flags.get("chmod")
        if text is None:
            return None
        if not re.fullmatch(r"0?[0-7]{3}", text):
            raise instruction.error(f"--chmod={text} is not supported here; write three octal digits, as in --chmod=755.")
        return int(text, 8)

    def _found(self, instruction: Instruction, source: str) -> list[Path]:
        """The files in the build context that a source names, literally or by a glob. At least one."""
        if URL.match(source):
            raise instruction.error(f"{source} would have to be fetched over the network. Put it beside the Dockerfile, and COPY it.")
        relative = os.path.normpath(source.lstrip("/"))
        if relative.startswith(".."):
            raise instruction.error(f"{source} is outside the build's folder {self._context}; only its files are copied.")
        if not re.search(r"[*?\[]", relative):
            path = self._context / relative
            found = [path] if os.path.lexists(path) and not (relative != "." and self._ignored(relative)) else []
        else:
            pattern = glob(relative)
            named = [(path, path.relative_to(self._context).as_posix()) for path in sorted(self._context.rglob("*"))]
            found = [path for path, name in named if pattern.fullmatch(name) and not self._ignored(name)]
        # A link as a source is followed, as in Docker. It may not lead out of the build context.
        if outside := [path for path in found if not path.resolve().is_relative_to(self._context)]:
            raise instruction.error(f"{outside[0].relative_to(self._context)} is a link that leads out of the build's folder.")
        if not found:
            why = " (.dockerignore leaves it out)" if (self._context / relative).exists() else ""
            raise instruction.error(f"there is no {source} in the build's folder {self._context}{why}.")
        return found

    def _bring_folder(self, folder: Path, place: str, mode: int | None) -> None:
        """Copy the contents of a folder, without the folder itself."""
        self._tree.make(place)
        for path in sorted(folder.rglob("*")):
            if self._ignored(path.relative_to(self._context).as_posix()):
                continue
            inside = f"{place}/{path.relative_to(folder).as_posix()}"
            if path.is_dir() and not path.is_symlink():
                self._tree.make(inside)
            elif path.is_file() or path.is_symlink():
                self._bring_file(path, inside, mode)

    def _bring_file(self, path: Path, place: str, mode: int | None) -> None:
        copied = self._tree.copy(path, place)
        if mode is not None and not copied.is_symlink():
            copied.chmod(mode | 0o400)

    def _unpack(self, instruction: Instruction, archive: Path, place: str) -> None:
        folder = self._tree.make(place)
        try:
            with Directory.open(folder) as top:
                trees.unpack(archive, top, LinkRule.KEEP)
        except (TreeError, OSError) as error:
            raise instruction.error(f"{archive.name} cannot be unpacked: {error}.") from None
