"""Packs a tree into a tar file, and unpacks tar and zip files.

An archive is read by the standard library, which says what is in it. What is written, and where, is decided here.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from course.sandbox.trees.copying import PIECE, make_link, replaceable
from course.sandbox.trees.directory import Directory, TreeError, parts_of
from course.sandbox.trees.links import LinkRule, find
from course.sandbox.trees.walking import walk

MOST_MEMBERS = 100_000  # of an archive. A Python environment with PyTorch has 30,000 files
LARGEST_HEADER = 1 << 20  # bytes of one name or set of attributes in a tar file
LATEST = 1 << 33  # seconds since 1970; a later time of a member is not kept
READ = 1 << 18  # bytes that are read at a time
# Errors that names of the archive cause, and not the disk.
BAD_NAMES = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP)
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError, RuntimeError, MemoryError)

Reserve = Callable[[int], None]
"""Gets the bytes of each member before they are written, and may raise an exception of its caller's own."""


def pack(top: Directory, archive: Path, mounted: PurePosixPath, most: int | None = None) -> None:
    """Write the folders, files and links of a tree to a gzipped tar file, by names relative to its top, sorted.

    A link becomes a relative one; if it leads out of the tree or to nothing, it is left out. Pipes, sockets and devices are left out.

    Parameters
    ----------
    top : Directory
    archive : Path
    mounted : PurePosixPath
        The path at which programs know ``top``.
    most : int, optional
        Bytes of all files. A file with holes, which has fewer on the disk, counts as long as it is.

    Raises
    ------
    TreeError
        As `walk`; and the files have more than ``most`` bytes.
    OSError
    """
    size = 0
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for entry in walk(top):
            member = tarfile.TarInfo(entry.path)
            member.mode, member.mtime = entry.status.st_mode & 0o755, int(entry.status.st_mtime)
            if entry.is_folder:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            elif entry.is_link:
                member.type, member.linkname = tarfile.SYMTYPE, relative_target(top, entry.parts, mounted)
                if member.linkname:
                    tar.addfile(member)
            elif entry.is_file:
                with entry.folder.read(entry.name) as file:
                    member.size = os.fstat(file.fileno()).st_size
                    size += member.size
                    if most is not None and size > most:
                        raise TreeError(f"its files have more than {most:,} bytes")
                    tar.addfile(member, file)


def relative_target(top: Directory, parts: tuple[str, ...], mounted: PurePosixPath) -> str:
    """The place to which the link at ``parts`` leads, relative to the link's folder; ``""`` when that is outside or does not exist."""
    try:
        found = find(top, parts, mounted)
        if not found:
            return "/".join([".."] * (len(parts) - 1)) or "."
        with top.reach(found[:-1]) as folder:
            exists = folder.status(found[-1]) is not None
    except (TreeError, OSError):
        return ""
    return os.path.relpath(PurePosixPath("/", *found), PurePosixPath("/", *parts[:-1])) if exists else ""


def unpack(archive: Path | BinaryIO, top: Directory, rule: LinkRule = LinkRule.INSIDE, reserve: Reserve = lambda size: None) -> None:
    """Unpack a tar file, compressed by gzip, bzip2, xz or not at all. A file or link that is there already is replaced.

    Raises
    ------
    TreeError
        It is no whole tar file, has more than `MOST_MEMBERS` members, or one that is refused: a path that leads out or is too long
        (`parts_of`), a path through a link, a link against the ``rule``, a device or pipe.
    OSError
        The disk is full, or the like.
    Exception
        What ``reserve`` raises.
    """
    with _errors_of_the_archive(), _opened(archive) as tar:
        for member in _members(tar):
            _unpack_member(tar, member, top, rule, reserve)


def read_member(archive: BinaryIO, name: str, largest: int) -> bytes:
    """The content of one file of a tar file, which unpacks nothing else. Raises TreeError when it has no such file of that size."""
    with _errors_of_the_archive(), _opened(archive) as tar:
        for member in _members(tar):
            if member.isreg() and parts_of(member.name) == (name,) and member.size <= largest:
                return tar.extractfile(member).read()
    raise TreeError(f"it has no file {name} of at most {largest:,} bytes")


def unpack_zip(archive: BinaryIO, top: Directory, reserve: Reserve = lambda size: None) -> None:
    """Unpack a zip file. Links in it become files with the links' texts. Raises as `unpack`."""
    with _errors_of_the_archive(), zipfile.ZipFile(archive) as zipped:
        members = zipped.infolist()
        if len(members) > MOST_MEMBERS:
            raise TreeError(f"it has more than {MOST_MEMBERS:,} members")
        for member in members:
            parts = parts_of(member.filename)
            reserve(member.file_size)
            if member.is_dir():
                top.reach(parts, make=True).close()
            elif parts:
                with zipped.open(member) as source:
                    _write(source, member.file_size, parts, top, 0o644 | member.external_attr >> 16 & 0o111)


@contextlib.contextmanager
def _opened(archive: Path | BinaryIO) -> Iterator[_Tar]:
    # A stream: tarfile then never goes back, which would take as long as a hostile archive wants.
    with _decompressed(archive) as stream, _Tar.open(fileobj=stream, mode="r|", bufsize=READ) as tar:
        yield tar


def _members(tar: _Tar) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(tar):
        tar.members.clear()  # it would keep every member
        if number >= MOST_MEMBERS:
            raise TreeError(f"it has more than {MOST_MEMBERS:,} members")
        yield member


class _Member(tarfile.TarInfo):
    """Refuses headers that would fill the memory, or take a time that grows with the square of their size."""

    def _proc_member(self, tar: _Tar) -> tarfile.TarInfo:
        if self.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE):
            tar.header_bytes += self.size
            if not 0 <= self.size <= LARGEST_HEADER or tar.header_bytes > 100 * LARGEST_HEADER:
                raise TreeError("its headers are too long")
        return super()._proc_member(tar)

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise TreeError("sparse files of GNU tar's format 1.0 are not unpacked here")


class _Tar(tarfile.TarFile):
    tarinfo = _Member
    header_bytes = 0


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, top: Directory, rule: LinkRule, reserve: Reserve) -> None:
    parts = parts_of(member.name)
    if rule is LinkRule.REFUSE and member.name.startswith("/"):
        raise TreeError(f"{member.name[:80]!r} leads out of the archive")
    reserve(member.size if member.isreg() else 0)
    if member.isdir():
        top.reach(parts, make=True).close()
    elif not parts:
        raise TreeError("a member has no name")
    elif member.issym():
        rule.check(parts, member.linkname)
        with top.reach(parts[:-1], make=True) as folder:
            make_link(folder, parts, member.linkname)
    elif member.islnk():
        _link(top, parts_of(member.linkname), parts, rule)
    elif member.isreg():
        mode = member.mode & 0o755 if member.mode & 0o100 else member.mode & 0o644
        time = member.mtime if 0 <= member.mtime < LATEST else None
        _write(tar.extractfile(member), member.size, parts, top, mode | 0o600, time)
    else:
        raise TreeError(f"{member.name!r} is neither a file nor a directory nor a link")


def _write(source: IO[bytes], size: int, parts: tuple[str, ...], top: Directory, mode: int, time: float | None = None) -> None:
    with top.reach(parts[:-1], make=True) as folder:
        replaceable(folder, parts)
        with folder.create(parts[-1], mode) as file:
            left = size
            while left > 0 and (piece := source.read(min(PIECE, left))):
                file.write(piece)
                left -= len(piece)
            if left:
                raise TreeError(f"{'/'.join(parts)} is cut off")
            if time is not None:
                file.flush()
                os.utime(file.fileno(), (time, time))


def _link(top: Directory, source: tuple[str, ...], parts: tuple[str, ...], rule: LinkRule) -> None:
    """Make a hard link to a file that was unpacked before."""
    if rule is LinkRule.REFUSE or not source:
        raise TreeError(f"{'/'.join(parts)} is neither a file nor a directory, but a link")
    with contextlib.ExitStack() as stack:
        try:
            there = stack.enter_context(top.reach(source[:-1]))
            there.read(source[-1]).close()
        except FileNotFoundError:
            raise TreeError(f"{'/'.join(parts)} is a link to a file that did not come before it") from None
        here = stack.enter_context(top.reach(parts[:-1], make=True))
        if source == parts:
            return
        replaceable(here, parts)
        os.link(source[-1], parts[-1], src_dir_fd=there.descriptor, dst_dir_fd=here.descriptor, follow_symlinks=False)


@contextlib.contextmanager
def _decompressed(archive: Path | BinaryIO) -> Iterator[BinaryIO]:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(archive.open("rb")) if isinstance(archive, Path) else archive
        start = file.read(6)
        file.seek(0)
        for magic, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open), (b"\x5d\0\0\x80", lzma.open)):
            if start.startswith(magic):
                yield stack.enter_context(opener(file, "rb"))
                return
        yield file


@contextlib.contextmanager
def _errors_of_the_archive() -> Iterator[None]:
    """Turns the errors of a damaged or hostile archive into TreeError."""
    try:
        yield
    except DAMAGED as error:
        raise TreeError(f"it is damaged, or no such archive ({error})") from error
    except OSError as error:
        if error.errno is None or error.errno in BAD_NAMES:
            raise TreeError(f"it is damaged, or has a name that cannot be used here ({error.strerror or error})") from error
        raise
