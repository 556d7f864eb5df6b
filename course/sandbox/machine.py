"""What every box sees of this machine: the system's programs, this Python, the course's package, and what the environment names.

It is a list of folders that programs need. All others stay out of the box, and so do a course, a gradebook or an exchange in them.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from course.sandbox.mounts import BindMount

COURSE = Path(__file__).parents[1]  # not by importing `course`, which would import the whole course
PACKAGES = ("site-packages", "dist-packages")
# All lists are by the Filesystem Hierarchy Standard 3.0 and Debian 13, read 2026-12-03. The folders to which programs in a container write:
SYSTEM = """
    /bin /sbin /lib /lib32 /lib64 /libx32
    /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/lib64 /usr/libx32 /usr/libexec /usr/local/bin /usr/local/sbin
"""
# What programs read besides: headers; in /usr/local, what Debian's Python, or a Python built from source, and their libraries need; CUDA,
# where packages for a GPU look for it.
READ = """
    /usr/include /usr/local/include /usr/local/cuda*
    /usr/local/lib/*.so* /usr/local/lib/*-linux-gnu* /usr/local/lib64/*.so* /usr/local/lib/pkgconfig /usr/local/lib/python3*
"""
# The folders of /usr/share and /usr/local/share that they read: time zones, languages, terminals; certificates; fonts; file types; the
# libraries of Python, Perl, Tcl, R, Java and git, and Jupyter's kernels.
SHARE = """
    zoneinfo locale icu terminfo X11 ca-certificates crypto-policies p11-kit pki fonts fontconfig ghostscript poppler mime misc file
    glib-2.0 xml python3 python-wheels perl perl5 tcltk R java jupyter git-core
"""
# The parts of /etc that programs read and that hold no secrets: names, resolution, certificates, libraries, time zone, fonts, pip, Java.
ETC = """
    alternatives ca-certificates ca-certificates.conf debian_version default/locale fonts gai.conf group host.conf hostname hosts inputrc
    java-*-openjdk ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime login.defs magic mime.types nsswitch.conf os-release passwd
    pip.conf pki profile protocols resolv.conf rpc services shells skel ssl timezone xdg
"""
# The parts of an environment that Python's venv, conda, pyenv and uv make. An environment may be made in any folder, so the rest of that
# folder may be somebody's work.
ENVIRONMENT = "bin sbin lib lib32 lib64 libexec include share etc ssl jre conda-meta *-conda*-linux-gnu pyvenv.cfg"
TOOL = "bin sbin lib lib32 lib64 libexec share"  # the parts of a tool in /opt whose ``bin`` is on PATH
# Environment variables that a box inherits (`box.INHERITED`) and whose values are paths.
PATH_VARIABLES = "JAVA_HOME LD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR PIP_CONFIG_FILE PIP_CERT PIP_FIND_LINKS PIP_CACHE_DIR"
SHARED = ("/usr", "/usr/local")  # of these folders boxes see what SYSTEM and SHARE say, also when a Python's prefix is one of them
# Folders that are no program's own. When a variable names one, boxes do not see it.
WIDE = tuple(map(Path, ("/opt", "/usr/local/lib", "/usr/local/share", "/usr/share", "/usr/src", "/etc", "/srv", "/var/lib")))


@functools.cache
def binds() -> tuple[BindMount, ...]:
    """The binds that every box has, as far as they exist on this machine."""
    # Resolved: a file of /etc may be a link to a path that the box does not see, as /etc/resolv.conf is to /run.
    etc = [BindMount(path.resolve(), path) for name in ETC.split() for path in Path("/etc").glob(name) if path.exists()]
    system = [BindMount(path, layer=True) for path in _existing(SYSTEM)]
    others = [BindMount(path) for path in dict.fromkeys(_others()) if os.path.lexists(path)]
    return (*system, *etc, *others, *checkout())


def checkout() -> Iterator[BindMount]:
    """Empty folders over the course's own folder, where it lies in a folder that boxes see: it holds solutions and hidden checks."""
    for package in dict.fromkeys((COURSE, COURSE.resolve())):
        if package.parent.name not in PACKAGES:
            yield BindMount(package.parent, hidden=True)


def python() -> Iterator[Path]:
    """The folders of this interpreter, its packages and the course's package, without the files beside them."""
    prefixes = map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    for prefix in dict.fromkeys((*prefixes, Path(sys.executable).resolve().parents[1])):
        yield from _parts(prefix, ENVIRONMENT)
    yield COURSE
    yield from (Path(path) for path in sys.path if Path(path).name in PACKAGES)


def _existing(names: str, folder: str = "/") -> Iterator[Path]:
    yield from (path for name in names.split() for path in sorted(Path(folder).glob(name.lstrip("/"))))


def _others() -> Iterator[Path]:
    yield from _existing(READ)
    for top in SHARED:
        yield from _existing(SHARE, f"{top}/share")
    yield from python()
    for entry in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        if entry.is_relative_to("/opt") and entry.name in ("bin", "sbin"):
            yield from _parts(entry.parent, TOOL)
    for name in PATH_VARIABLES.split():
        for path in (Path(part) for part in os.environ.get(name, "").split(os.pathsep) if part.startswith("/")):
            if not _is_wide(path):
                yield path
            elif path != Path("/usr/local/lib"):  # boxes see its libraries
                warnings.warn(
                    f"{name} names {path}, which holds more than one program. Boxes do not see it: name a folder in it.", stacklevel=2
                )


def _parts(prefix: Path, names: str) -> Iterator[Path]:
    if str(prefix) in SHARED or prefix == Path("/"):
        return
    yield from _existing(names, str(prefix))


def _is_wide(path: Path) -> bool:
    """Whether a folder is, or contains, a home folder, the course's own folder or a folder for many programs."""
    return any(inner.is_relative_to(each) for inner in (Path.home(), COURSE.parent, *WIDE) for each in (path, path.resolve()))
