"""The process between the local AWS and a job: it shuts the job in, watches it, and ends all of it.

Run as ``python -I -S box_supervisor.py`` by `box.py`, with the standard library alone so that it starts in milliseconds.

- stdin: eight hexadecimal digits, so many bytes of JSON (`box.Box.start` makes them), then the lifeline: ``t`` asks the job to
  end (SIGTERM), ``k`` kills it, and end of file means that the local AWS is gone, which kills it too.
- stdout: the job's output and nothing else.
- stderr: at the end one line of JSON, ``{"exit_code": int, "limit": str}``.

In namespace mode the processes are: this one, process 1 of the job's process namespace (`be_init`), the job. Without namespaces
the job is this one's child; what leaves its parent is handed to this one by the kernel (Linux), or found by its environment.
"""

# Importing pathlib would take longer than all the rest of the start.
# ruff: noqa: PTH102, PTH108, PTH112, PTH115, PTH123, PTH211
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CANNOT_RUN = 127  # the shell's exit code for a command that is not found
WATCH_SECONDS = 0.5


def libc(function: str, *arguments: object) -> None:
    """Call a function of libc that answers -1 on failure; raises OSError with its name."""
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def write_file(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


# ---- namespaces: the job's own processes, its own /opt/ml -----------------------------------------------------------------------


def enter_namespaces(network: bool) -> None:
    """Enter a user namespace in which every id keeps its number; the next child is process 1 of a new process namespace.

    Without ``network`` there is also a network namespace, which has a loopback interface of its own and nothing else.

    An ordinary user may map only himself. Root maps all the ids it has, or else ``tar`` and ``chown`` would fail in a job; that
    takes a writer outside the new namespace, hence the helper.
    """
    uid, gid = os.getuid(), os.getgid()
    namespaces = CLONE_NEWUSER | CLONE_NEWPID | (0 if network else CLONE_NEWNET)
    if uid == 0:
        finish = id_mapping_helper(os.getpid())
        libc("unshare", namespaces)
        finish()
    else:
        libc("unshare", namespaces)
        write_file("/proc/self/setgroups", "deny")
        write_file("/proc/self/uid_map", f"{uid} {uid} 1")
        write_file("/proc/self/gid_map", f"{gid} {gid} 1")


def raise_loopback() -> None:
    """Bring up the loopback interface of a new network namespace, over which a job's own processes talk."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def id_mapping_helper(pid: int):
    """Fork a child that maps the ids of ``pid`` once the returned function is called; that function raises OSError on failure."""
    go_read, go_write = os.pipe()
    helper = os.fork()
    if helper == 0:
        try:
            os.read(go_read, 1)
            for name in ("uid_map", "gid_map"):
                with open(f"/proc/self/{name}") as ours:
                    ranges = [line.split() for line in ours]
                write_file(f"/proc/{pid}/{name}", "".join(f"{inside} {inside} {count}\n" for inside, _, count in ranges))
        except OSError:
            os._exit(1)
        os._exit(0)

    def finish() -> None:
        os.write(go_write, b"g")
        if os.waitpid(helper, 0)[1] != 0:
            raise OSError("the ids of the user namespace could not be mapped")

    return finish


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    libc("mount", source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), data and data.encode())


def mount_opt_ml(root: str) -> None:
    """In a mount namespace of our own: ``root`` becomes /opt/ml, every other child of /opt stays, and /proc shows this job alone."""
    libc("unshare", CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    # Opened before the mounts that may hide it.
    handle = os.open(root, os.O_PATH | os.O_DIRECTORY)
    if not os.path.isdir("/opt/ml"):
        cover_opt()
        os.mkdir("/opt/ml")
    mount(f"/proc/self/fd/{handle}", "/opt/ml", None, MS_BIND | MS_REC)
    os.close(handle)
    # A container with a masked /proc forbids it; the job then merely sees the process numbers outside.
    with contextlib.suppress(OSError):
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def cover_opt() -> None:
    """Put a small tmpfs over /opt, which may be read-only to us, and bind each child of /opt back into its place."""
    children = [(entry.name, entry.is_dir(), os.readlink(entry.path) if entry.is_symlink() else None) for entry in os.scandir("/opt")]
    handles = {name: os.open(f"/opt/{name}", os.O_PATH) for name, _, link in children if link is None}
    mount("tmpfs", "/opt", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m")
    for name, is_folder, link in children:
        path = f"/opt/{name}"
        if link is not None:
            os.symlink(link, path)
            continue
        os.mkdir(path) if is_folder else write_file(path, "")
        mount(f"/proc/self/fd/{handles[name]}", path, None, MS_BIND | MS_REC)
        os.close(handles[name])


# ---- the job's processes --------------------------------------------------------------------------------------------------------


def execute(spec: dict) -> None:
    """Become the job: its session, limits, environment, working directory and program. Never returns."""
    try:
        import resource

        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)  # Python ignores the first two, and an ignored signal would be inherited
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        for name, value in spec["rlimits"].items():
            hard = resource.getrlimit(getattr(resource, name))[1]
            soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (soft, hard))
        os.umask(0o022)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(1, 2)
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], spec["environment"])
    except OSError as error:
        os.write(1, f"cannot run {spec['argv'][0]!r} in {spec['cwd']!r}: {error}\n".encode())
    os._exit(CANNOT_RUN)


def be_init(spec: dict) -> None:
    """Process 1 of the job's namespace: when it ends, the kernel kills every other process of the job. Never returns.

    It ends with the job; but after SIGTERM, which it passes on to all, only when all have ended.
    """
    code, stopping = CANNOT_RUN, False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        os.kill(-1, signal.SIGTERM)

    try:
        libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        mount_opt_ml(spec["root"])
        if not spec["network"]:
            raise_loopback()
        job = os.fork()
        if job == 0:
            execute(spec)
        signal.signal(signal.SIGTERM, stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        ended = 0
        while ended != job or stopping:
            ended, status = os.wait()
            code = exit_code(status) if ended == job else code
    except ChildProcessError:
        pass  # none is left
    except OSError as error:
        os.write(1, f"the job could not be shut in: {error}\n".encode())
    os._exit(code)


def exit_code(status: int) -> int:
    """Of a wait status, as Docker reports it: 128 + n for a process that signal n ended."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


class Watch:
    """Counts the processes and the resident memory of this box, and kills what the job left."""

    def __init__(self, spec: dict) -> None:
        sys.path.append(spec["packages"])
        import psutil

        self.psutil, self.spec, self.me = psutil, spec, psutil.Process()

    def members(self) -> list:
        """Every process of the box but this one. Off Linux, one that left its parent is known by its environment."""
        found = set(self.me.children(recursive=True))
        if sys.platform != "linux":
            found.update(filter(self.carries_marker, self.psutil.process_iter()))
        return list(found - {self.me})

    def carries_marker(self, process) -> bool:
        try:
            return process.environ().get("COURSE_BOX") == self.spec["environment"]["COURSE_BOX"]
        except (self.psutil.Error, OSError):
            return False

    def exceeded(self) -> str:
        """The limit that the box is over: ``"memory"``, ``"processes"`` or ``""``."""
        members, memory = self.members(), 0
        for process in members:
            try:
                memory += process.memory_info().rss
            except self.psutil.Error:
                continue
        if memory > self.spec["memory"]:
            return "memory"
        return "processes" if len(members) > self.spec["processes"] else ""

    def signal_all(self, number: int) -> list:
        """Send a signal to every process of the box but this one; returns them."""
        members = self.members()
        for process in members:
            with contextlib.suppress(self.psutil.Error):
                process.send_signal(number)
        return members

    def kill_all(self) -> None:
        """Kill until nothing is left; what forks meanwhile is found by the next round."""
        while members := self.signal_all(signal.SIGKILL):
            self.psutil.wait_procs(members, timeout=1)


def supervise(spec: dict) -> dict:
    """Run the job to its end and say how it ended; afterwards none of its processes is left."""
    shut_in = spec["mode"] == "namespace"
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until there is somebody to pass it on to
    if shut_in:
        enter_namespaces(spec["network"])
    elif sys.platform == "linux":
        libc("prctl", PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        be_init(spec) if shut_in else execute(spec)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of the job's output must see its end
    status, limit, stopping, watch, due = None, "", False, None, time.monotonic() + WATCH_SECONDS
    while status is None or (stopping and any_child()):
        ready = select.select([0, wake], [], [], max(0.0, due - time.monotonic()))[0]
        if 0 in ready and os.read(0, 1) != b"t":
            if status is None:
                os.kill(child, signal.SIGKILL)
                status = os.waitpid(child, 0)[1]
            break
        if 0 in ready:
            stopping = True
            if shut_in:
                os.kill(child, signal.SIGTERM)
            else:
                watch = watch or Watch(spec)
                watch.signal_all(signal.SIGTERM)
        if wake in ready:
            os.read(wake, 512)
        if time.monotonic() >= due:
            watch = watch or Watch(spec)
            if status is None and not limit and (limit := watch.exceeded()):
                os.kill(child, signal.SIGKILL)
            due = time.monotonic() + WATCH_SECONDS
        status = reap(child, status)
    if not shut_in:
        (watch or Watch(spec)).kill_all()
    return {"exit_code": exit_code(status), "limit": limit}


def reap(child: int, status: int | None) -> int | None:
    """Collect every child that ended, the job's orphans among them; the status of ``child`` once it is one of them."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = ended[1] if ended[0] == child else status
    return status


def any_child() -> bool:
    """Whether anything of the job still runs, where its orphans become our children (Linux)."""
    if sys.platform != "linux":
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def read_exactly(count: int) -> bytes:
    """From stdin, unbuffered: what follows is the lifeline's."""
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            raise SystemExit("no job was given")
        data += piece
    return data


def main() -> None:
    spec = json.loads(read_exactly(int(read_exactly(8), 16)))
    if spec["link"]:
        os.symlink(spec["root"], spec["link"])
    try:
        outcome = supervise(spec)
    finally:
        if spec["link"]:
            os.unlink(spec["link"])
    os.write(2, json.dumps(outcome).encode() + b"\n")


if __name__ == "__main__":
    main()
