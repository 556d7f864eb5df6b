"""Trees and archives as a hostile program may make them, and a watched folder outside, which must stay as it is."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from course.sandbox.trees import Directory, TreeError

SECRET = b"of somebody else"
LONG = "d" * 247
# Names that collide with each other: by case, by unicode's normal forms, as folder and file; and names that lead elsewhere.
PARTS = st.sampled_from(["a", "b", "A", "d", "\u00e9", "e\u0301", LONG, "x" * 255])
PLACES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
TARGETS = st.one_of(
    st.lists(st.sampled_from(["a", "b", "d", "..", ".", LONG]), min_size=1, max_size=6).map("/".join),
    st.sampled_from(["/", "/etc", "/opt/ml", "/opt/ml/a", "/opt/ml/../..", "../outside", "../outside/secret", "../../outside/secret"]),
)
KINDS = st.sampled_from(["file", "folder", "link", "hard", "pipe", "socket", "sparse", "locked"])


@dataclass(frozen=True)
class Thing:
    """One thing of a hostile tree, or one member of an archive."""

    kind: str
    place: str
    target: str


THINGS = st.lists(st.builds(Thing, KINDS, PLACES, TARGETS), max_size=12)
MISLEADING = ("../outside/new", "/outside", "a/../../outside/new", "a//b", "./a", "", "a/" * 70 + "b", "y" * 256)
MEMBER_PLACES = st.one_of(PLACES, st.sampled_from(MISLEADING))
MEMBERS = st.lists(st.builds(Thing, KINDS, MEMBER_PLACES, TARGETS), max_size=12)


def build(root: Path, things: list[Thing]) -> None:
    """Make those things that fit beside the ones before them, all below ``root``, by a real program's means: paths relative to it."""
    here = os.open(root, os.O_RDONLY)
    try:
        for thing in things:
            with contextlib.suppress(OSError, ValueError, TreeError):
                _make(thing, root, here)
    finally:
        os.close(here)


def _make(thing: Thing, root: Path, here: int) -> None:
    *above, name = thing.place.split("/")
    with Directory(os.dup(here)) as top, top.reach(above, make=True) as folder:
        at = folder.descriptor
        if thing.kind in ("folder", "locked"):
            os.mkdir(name, 0o500 if thing.kind == "locked" else 0o755, dir_fd=at)
        elif thing.kind == "link":
            os.symlink(thing.target, name, dir_fd=at)
        elif thing.kind == "hard":
            os.link(thing.target.lstrip("/."), name, src_dir_fd=here, dst_dir_fd=at, follow_symlinks=False)
        elif thing.kind == "pipe":
            os.mkfifo(name, dir_fd=at)
        elif thing.kind == "socket":
            os.mknod(name, stat.S_IFSOCK | 0o600, dir_fd=at)
        else:
            with folder.create(name) as file:
                file.truncate(1 << 30) if thing.kind == "sparse" else file.write(thing.place.encode())


def archive_of(members: list[Thing]) -> io.BytesIO:
    """A tar file with exactly these members, however they contradict each other."""
    packed = io.BytesIO()
    types = {"folder": tarfile.DIRTYPE, "locked": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
    types |= {"pipe": tarfile.FIFOTYPE, "socket": tarfile.CHRTYPE}
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for each in members:
            member = tarfile.TarInfo(each.place)
            member.type, member.mode = types.get(each.kind, tarfile.REGTYPE), 0o500 if each.kind == "locked" else 0o777
            if each.kind in ("link", "hard"):
                member.linkname = each.target
            content = each.place.encode() if member.type == tarfile.REGTYPE else b""
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    packed.seek(0)
    return packed


def escape(target: str) -> list[Thing]:
    """Members that escape the filter ``data`` of Python's tarfile by a real path beyond PATH_MAX (CVE-2025-4517), and write ``target``.

    A folder of long names is named by short links. The real path of a link at their end is too long, so that the filter no longer sees
    where it leads.
    """
    members, path, steps = [], "", "abcdefghijklmnop"
    for step in steps:
        members += [Thing("folder", f"{path}{LONG}", ""), Thing("link", f"{path}{step}", LONG)]
        path += f"{LONG}/"
    far = f"{'/'.join(steps)}/{'l' * 254}"
    members += [Thing("link", far, "../" * len(steps)), Thing("link", "escape", f"{far}/{target}")]
    return [*members, Thing("hard", "door", "escape"), Thing("file", "door", "")]


@dataclass(frozen=True)
class Outside:
    """A folder beside a tree. ``check`` asserts that nothing in it was changed."""

    folder: Path

    @classmethod
    def make(cls, beside: Path) -> Outside:
        folder = beside / "outside"
        folder.mkdir()
        (folder / "secret").write_bytes(SECRET)
        (folder / "secret").chmod(0o640)
        return cls(folder)

    def check(self) -> None:
        assert [path.name for path in self.folder.iterdir()] == ["secret"]
        found = (self.folder / "secret").lstat()
        assert (self.folder / "secret").read_bytes() == SECRET
        assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o640, 1)
        assert stat.S_IMODE(self.folder.stat().st_mode) == 0o755


def leads_outside(root: Path) -> list[str]:
    """The links below ``root`` that the kernel follows to a place that is not below it."""
    real = os.path.realpath(root)
    found = []
    for folder, folders, files in os.walk(root):
        for path in (Path(folder, name) for name in (*folders, *files)):
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(real):
                found.append(str(path))
    return found
