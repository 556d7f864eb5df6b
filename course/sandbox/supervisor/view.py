"""The file system that a box sees (Linux): its own root, which contains only what is bound into it.

Every path keeps its name. Programs in the box cannot make a read-only mount writable: the capability for that is dropped.
"""

# Importing pathlib would take longer than the rest of the start.
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH114, PTH115, PTH120, PTH208, PTH211
from __future__ import annotations

import ctypes
import errno
import os

import namespaces

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = -100, 0x8000, 1
MOUNT_SETATTR = 442  # system call number, the same on every architecture since Linux 5.12
DEVICES = ("full", "null", "random", "urandom", "zero")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
# Of the root, /tmp, /dev/shm and the layers, which are in memory; a box's TMPDIR is on the disk. An inode takes a kilobyte, which is not in
# the size.
SCRATCH = "size=1g,nr_inodes=200k"
LAYERS = "/.layers"


def enter(view: dict) -> None:
    """Build the box's root in a new mount namespace, and move into it.

    Parameters
    ----------
    view : dict
        ``at``: an existing folder on which the root is built. ``binds``: a list of ``[source, target, access]``, outer folders first.
        Access is ``"read"``, ``"write"``, ``"layer"``: changes are kept apart and vanish with the box, or ``"hide"``: an empty folder.
    """
    namespaces.libc("unshare", namespaces.CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    root = view["at"]
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=0755,{SCRATCH}")
    for folder in ("/tmp", "/var/tmp", "/dev", "/proc", "/run", "/home", "/root"):
        os.makedirs(root + folder)
    for folder in ("/tmp", "/var/tmp"):
        mount("tmpfs", root + folder, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,{SCRATCH}")
    _devices(root)
    _processes(root)
    os.mkdir(root + LAYERS)
    mount("tmpfs", root + LAYERS, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=0700,{SCRATCH}")
    for source, target, access in view["binds"]:
        _bind(source, root + target, access, root + LAYERS)
    os.chdir(root)
    # This puts the old root on top of the new one, from where it is unmounted: an example of pivot_root(2).
    namespaces.libc("pivot_root", b".", b".")
    namespaces.libc("umount2", b".", MNT_DETACH)
    os.chdir("/")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Call mount(2). Raises OSError that names source and target."""
    try:
        namespaces.libc("mount", source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), data and data.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({source} on {target})") from None


def _bind(source: str, target: str, access: str, layers: str) -> None:
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        namespaces.write_file(target, "")
    if access == "hide":
        mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m,nr_inodes=1k")
        return
    if access == "layer" and _mount_overlay(source, target, layers):
        return
    mount(source, target, None, MS_BIND | MS_REC)
    if access != "write":
        _make_read_only(target)


def _mount_overlay(source: str, target: str, layers: str) -> bool:
    """Mount an overlay of ``source``. False where a user namespace cannot have one (before Linux 5.11, and on some file systems)."""
    number = len(os.listdir(layers)) // 2
    upper, work = (f"{layers}/{number}.{kind}" for kind in ("upper", "work"))
    os.mkdir(upper)
    os.mkdir(work)
    try:
        mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, f"lowerdir={source},upperdir={upper},workdir={work},userxattr")
    except OSError:
        return False
    return True


def _make_read_only(target: str) -> None:
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    try:
        namespaces.libc("syscall", MOUNT_SETATTR, AT_FDCWD, target.encode(), AT_RECURSIVE, attributes, ctypes.sizeof(attributes))
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        # Older kernels: remount it with the flags that it has, which a user namespace must keep.
        kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def _devices(root: str) -> None:
    for name in DEVICES:
        namespaces.write_file(f"{root}/dev/{name}", "")
        mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{root}/dev/{name}")
    os.mkdir(f"{root}/dev/shm")
    mount("tmpfs", f"{root}/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,{SCRATCH}")


def _processes(root: str) -> None:
    try:
        mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        # A container with a masked /proc forbids it. The box then sees the ids and names of the processes outside.
        mount("/proc", f"{root}/proc", None, MS_BIND | MS_REC)
    if os.path.isdir("/sys"):
        _bind("/sys", f"{root}/sys", "read", layers="")
