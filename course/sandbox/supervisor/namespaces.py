"""The Linux namespaces of a box: user ids, processes, network, and the capabilities in them. Standard library only."""

# Importing pathlib would take longer than the rest of the start.
# ruff: noqa: PTH123
from __future__ import annotations

import ctypes
import errno
import os

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC = 0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x08000000
CLONE_NEWUTS = 0x04000000
PR_CAPBSET_DROP, PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 24, 1, 36, 38
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: two words of 32 bits each
# The capabilities that Docker gives a container, by number in capabilities(7): CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID,
# SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP. Not SYS_ADMIN: it could make read-only mounts writable.
KEPT = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})


def libc(function: str, *arguments: object) -> None:
    """Call a function of libc that returns -1 on failure. Raises OSError with the function's name."""
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def write_file(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def enter_user(others: int) -> None:
    """Enter a new user namespace in which every id keeps its number, and the new namespaces ``others``.

    An ordinary user may map only their own id. Root maps all ids that it has, or else ``tar`` and ``chown`` would fail in a job. The map
    must be written from outside the new namespace, by a helper process.
    """
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        finish = id_mapping_helper(os.getpid())
        try:
            libc("unshare", CLONE_NEWUSER | others)
        except OSError:
            finish(succeeded=False)
            raise
        finish()
    else:
        libc("unshare", CLONE_NEWUSER | others)
        write_file("/proc/self/setgroups", "deny")
        write_file("/proc/self/uid_map", f"{uid} {uid} 1")
        write_file("/proc/self/gid_map", f"{gid} {gid} 1")


def join(pid: int, others: int) -> None:
    """Enter the user and network namespaces of process ``pid``, and the new namespaces ``others`` below that user namespace."""
    with open(f"/proc/{pid}/ns/user") as user, open(f"/proc/{pid}/ns/net") as network:
        libc("setns", user.fileno(), CLONE_NEWUSER)
        libc("setns", network.fileno(), CLONE_NEWNET)
    libc("unshare", others)


def name_host(name: str) -> None:
    libc("sethostname", name.encode(), len(name.encode()))


def id_mapping_helper(pid: int):
    """Fork a child that maps the ids of ``pid`` when the returned function is called. That function raises OSError on failure.

    With ``succeeded=False`` the child only ends.
    """
    go_read, go_write = os.pipe()
    helper = os.fork()
    if helper == 0:
        try:
            if os.read(go_read, 1) != b"g":
                os._exit(0)
            for name in ("uid_map", "gid_map"):
                with open(f"/proc/self/{name}") as ours:
                    ranges = [line.split() for line in ours]
                write_file(f"/proc/{pid}/{name}", "".join(f"{inside} {inside} {count}\n" for inside, _, count in ranges))
        except OSError:
            os._exit(1)
        os._exit(0)

    def finish(succeeded: bool = True) -> None:
        os.write(go_write, b"g" if succeeded else b"e")
        if os.waitpid(helper, 0)[1] != 0:
            raise OSError("the ids of the user namespace could not be mapped")

    return finish


def raise_loopback() -> None:
    """Bring up the loopback interface of a new network namespace, through which a job's own processes talk."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def forbid_more() -> None:
    """Let no process of this user namespace make another one, in which it would hold every capability again.

    The limit counts for all processes in the namespace and for those that join it later. To raise it takes a capability that boxes drop.
    The other kinds of namespaces take such a capability, too. Where a container's /proc/sys is read-only, the limit cannot be set.
    """
    try:
        write_file("/proc/sys/user/max_user_namespaces", "0")
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT):
            raise


def become_user(number: int) -> None:
    """Give up root's rights: run as this user, in the group of the same number and in no other."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    libc("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  # no program of root's may give them back


def drop_capabilities() -> None:
    """Keep only the capabilities in `KEPT`, in this process and in all that it starts."""
    for number in range(64):
        if number not in KEPT:
            try:
                libc("prctl", PR_CAPBSET_DROP, number, 0, 0, 0)
            except OSError:
                break  # this kernel does not know the capability, nor any with a higher number
    mask = sum(1 << number for number in KEPT)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    libc("capget", header, held)
    ours = (held[1] | held[4] << 32) & mask
    low, high = ours & 0xFFFFFFFF, ours >> 32
    libc("capset", header, (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0))
    libc("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
