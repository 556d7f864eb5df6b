"""The files that a box sees: this machine's programs, this Python, the course's package, and what the caller binds.

In namespace mode these are mounts (`supervisor/view.py`). In rewrite mode there are no mounts: a bind with a writable layer is copied.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.sandbox.trees import LinkRule, copy_tree, remove

COURSE = Path(__file__).parents[1]  # not by importing `course`, which would import the whole course
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# The parts of /etc that programs read and that hold no secrets: names, resolution, certificates, libraries, time zone, fonts, pip, Java.
ETC = """
    alternatives ca-certificates ca-certificates.conf debian_version default/locale fonts gai.conf group host.conf hostname hosts inputrc
    java-*-openjdk ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime login.defs magic mime.types nsswitch.conf os-release passwd
    pip.conf pki profile protocols resolv.conf rpc services shells skel ssl timezone xdg
"""
# Environment variables that a box inherits (`box.INHERITED`) and whose values are paths.
PATH_VARIABLES = "JAVA_HOME LD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR PIP_CONFIG_FILE PIP_CERT PIP_FIND_LINKS PIP_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class BindMount:
    """A file or folder of this machine that a box sees at ``target``; at its own path when there is no target.

    It is read-only unless ``writable``. With a ``layer``, the box may write to it as in a container: the changes are kept in memory and
    vanish with the box.
    """

    source: Path
    target: Path | None = None
    writable: bool = False
    layer: bool = False

    def as_json(self) -> list:
        access = "write" if self.writable else "layer" if self.layer else "read"
        return [str(self.source), str(self.target or self.source), access]


def order(binds: Iterable[BindMount]) -> list[BindMount]:
    """Sort binds so that outer folders come first, and drop those that another bind already shows."""
    kept: list[BindMount] = []
    for bind in sorted(binds, key=lambda each: len((each.target or each.source).parts)):
        target = bind.target or bind.source
        parent = next((other for other in reversed(kept) if target.is_relative_to(other.target or other.source)), None)
        shown = parent and not bind.target and not parent.target and parent.writable == bind.writable
        if not shown or bind.source.is_symlink():
            kept.append(bind)
    return kept


@functools.cache
def machine() -> tuple[BindMount, ...]:
    """The binds that every box has: the system and this Python, as far as they exist."""
    # Resolved: a file of /etc may be a link to a path that the box does not see, as /etc/resolv.conf is to /run.
    etc = [BindMount(path.resolve(), path) for name in ETC.split() for path in Path("/etc").glob(name) if path.exists()]
    system = [BindMount(path, layer=True) for path in map(Path, SYSTEM) if os.path.lexists(path)]
    others = [BindMount(path) for path in dict.fromkeys(_others()) if os.path.lexists(path) and path != Path("/")]
    return (*system, *etc, *others)


def _others() -> Iterator[Path]:
    yield from (path for path in Path("/opt").iterdir() if path.name != "ml")
    yield from python()
    for name in PATH_VARIABLES.split():
        yield from (Path(part) for part in os.environ.get(name, "").split(os.pathsep) if part.startswith("/"))


def python() -> Iterator[Path]:
    """The folders of this interpreter, its packages and the course's package, without the files beside that package."""
    executable = Path(sys.executable)
    yield from map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    yield from (executable.resolve().parents[1], COURSE)
    yield from (Path(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages"))


class LayerCopies:
    """Copies of the binds with a target and a layer, for a box in rewrite mode.

    Parameters
    ----------
    folder : Path
        The box's folder.
    shown : Path
        The same folder by the name that the box's processes get.
    binds : iterable of BindMount
        Binds without a target or a layer are ignored.

    Attributes
    ----------
    paths : dict
        The path of each copy, as the processes find it, by the bind's target.
    """

    def __init__(self, folder: Path, shown: Path, binds: Iterable[BindMount]) -> None:
        self._folder = folder / "layers"
        self._binds = [bind for bind in binds if bind.target and bind.layer]
        self.paths = {str(bind.target): str(shown / "layers" / bind.target.relative_to("/")) for bind in self._binds}

    def search_path(self, path: str) -> str:
        """``PATH`` with the copies of single files before the folders that they belong to."""
        copies = {str(Path(target).parent): str(Path(copy).parent) for target, copy in self.paths.items()}
        found = [folder for part in path.split(os.pathsep) for folder in (copies.get(part), part) if folder is not None]
        return os.pathsep.join(found)

    def copy(self) -> Path | None:
        """Make fresh copies before a program starts: as in a container, what an earlier program wrote is gone.

        Returns their folder, or None when there is nothing to copy.
        """
        if not self._binds:
            return None
        remove(self._folder)
        for bind in self._binds:
            copy = self._folder / bind.target.relative_to("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if bind.source.is_dir() and not bind.source.is_symlink():
                copy_tree(bind.source, copy, LinkRule.KEEP)
            else:
                shutil.copy2(bind.source, copy, follow_symlinks=False)
        return self._folder
