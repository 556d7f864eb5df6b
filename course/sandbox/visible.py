"""What a box in namespace mode sees of this machine: the system's programs, this Python, the course's package, and nothing else."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

COURSE = Path(__file__).parents[1]  # not by importing `course`: that imports the whole course
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Of /etc what programs look up, and no secret: names, resolution, certificates, libraries, time zone, fonts, pip, Java.
ETC = """
    alternatives ca-certificates ca-certificates.conf debian_version default/locale fonts gai.conf group host.conf hostname hosts inputrc
    java-*-openjdk ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime login.defs magic mime.types nsswitch.conf os-release passwd
    pip.conf pki profile protocols resolv.conf rpc services shells skel ssl timezone xdg
"""
# Variables that a box inherits (`box.INHERITED`) and that name places.
PLACES = ("JAVA_HOME", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_FIND_LINKS", "PIP_CACHE_DIR")


@dataclass(frozen=True, slots=True)
class BindMount:
    """A file or folder that a box sees at ``target``, under its own name when not given.

    It is read-only unless ``writable``. With a ``layer`` the box may write all the same, as in a container: that is kept apart, in memory,
    and gone with the box.
    """

    source: Path
    target: Path | None = None
    writable: bool = False
    layer: bool = False

    def as_json(self) -> list:
        access = "write" if self.writable else "layer" if self.layer else "read"
        return [str(self.source), str(self.target or self.source), access]


def order(binds: Iterable[BindMount]) -> list[BindMount]:
    """Outer ones first, and without those that another shows already."""
    kept: list[BindMount] = []
    for bind in sorted(binds, key=lambda each: len((each.target or each.source).parts)):
        target = bind.target or bind.source
        holder = next((other for other in reversed(kept) if target.is_relative_to(other.target or other.source)), None)
        shown = holder and not bind.target and not holder.target and holder.writable == bind.writable
        if not shown or bind.source.is_symlink():
            kept.append(bind)
    return kept


@functools.cache
def machine() -> tuple[BindMount, ...]:
    """The system and this Python, of what there is."""
    # Resolved, for a file of /etc may be a link to where the box sees nothing, as /etc/resolv.conf is to /run.
    etc = [BindMount(path.resolve(), path) for name in ETC.split() for path in Path("/etc").glob(name) if path.exists()]
    system = [BindMount(path, layer=True) for path in map(Path, SYSTEM) if os.path.lexists(path)]
    others = [BindMount(path) for path in dict.fromkeys(_others()) if os.path.lexists(path) and path != Path("/")]
    return (*system, *etc, *others)


def _others() -> Iterator[Path]:
    yield from (path for path in Path("/opt").iterdir() if path.name != "ml")
    yield from python()
    for name in PLACES:
        yield from (Path(part) for part in os.environ.get(name, "").split(os.pathsep) if part.startswith("/"))


def python() -> Iterator[Path]:
    """Where this interpreter and its packages are, and the course's package; not what may lie beside that."""
    executable = Path(sys.executable)
    yield from map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    yield from (executable.resolve().parents[1], COURSE)
    yield from (Path(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages"))
