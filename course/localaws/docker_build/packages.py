"""Runs ``RUN pip install``: pip installs into an overlay on this machine's packages, and the image keeps the overlay's part."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from course.localaws.docker_build.tree import ImageFiles
from course.localaws.jobs import overlay
from course.localaws.jobs.overlay import Overlay, course_packages
from course.sandbox.box import Box
from course.sandbox.mounts import BindMount

PROGRAMS = "/usr/local/bin"  # pip's programs in the python image
# The first line of a program that pip made. If the path is long or has a blank, three lines for /bin/sh.
SHEBANG = re.compile(r"#!/bin/sh\n'''exec' .*\n' '''\n|#!.*python.*\n")

PROGRAM_SUM = re.compile(
    r"^(\.\./.*),sha256=[^,\n]*,\d*$", re.MULTILINE
)  # a program's line in RECORD: its digest depends on the first line


class PipInstaller:
    """Installs with pip, in a box, during one build.

    Parameters
    ----------
    folder : Path
        A temporary folder of the build.
    tree : ImageFiles
        The image's files, where pip may find requirements and sources.
    report_line : callable
        Called with each line of pip's output.
    """

    def __init__(self, folder: Path, tree: ImageFiles, report_line: Callable[[str], None]) -> None:
        self._folder, self._tree, self._report_line = folder, tree, report_line
        self._overlay: Overlay | None = None

    def install(self, arguments: list[str], here: Path, variables: Mapping[str, str]) -> int:
        """Run pip with ``arguments`` in a folder and return its exit code."""
        self._overlay = self._overlay or Overlay(self._folder / "overlay", course_packages())
        (self._folder / "box/ml").mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join([str(self._overlay.bin), os.environ.get("PATH", os.defpath)])
        binds = [BindMount(self._overlay.folder, writable=True), BindMount(self._tree.root, writable=True)]
        box = Box(self._folder / "box/ml", dict(variables) | {"PATH": path}, binds=binds)
        running = box.start([str(self._overlay.bin / "pip"), *arguments], self._lines, str(here))
        try:
            return running.wait()
        except BaseException:  # Ctrl-C
            running.kill()
            raise

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self._report_line(line.replace(str(self._tree.root), ""))

    def keep(self, packages: Path) -> None:
        """Move what pip installed: packages to the folder ``packages``, programs to the image's files. They run with python3 from PATH."""
        if self._overlay is None:
            return
        self._overlay.installed()
        # Remove what differs between installations, so that the image's digest stays the same.
        for cache in list(self._overlay.packages.rglob("__pycache__")):
            shutil.rmtree(cache)
        for record in self._overlay.packages.glob("*.dist-info/RECORD"):
            record.write_text(PROGRAM_SUM.sub(r"\1,,", record.read_text()))
        if any(self._overlay.packages.iterdir()):
            self._overlay.packages.rename(packages)
        for script in sorted(self._overlay.bin.iterdir()):
            if not script.is_symlink() and script.name not in overlay.PROGRAMS:
                self._keep_program(script)

    def _keep_program(self, script: Path) -> None:
        text = script.read_bytes().decode("utf-8", "surrogateescape")
        if found := SHEBANG.match(text):
            script.write_bytes(f"#!/usr/bin/env python3\n{text[found.end() :]}".encode("utf-8", "surrogateescape"))
        place = self._tree.make(PROGRAMS) / script.name
        if not os.path.lexists(place):
            script.rename(place)
            place.chmod(0o755)
