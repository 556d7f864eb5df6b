"""The process between the local AWS and a job: it puts the job into its box, watches it, and ends all of its processes.

`process.BoxProcess` runs it as ``python -I -S supervisor``, with the standard library alone so that it starts in milliseconds.

- stdin: eight hexadecimal digits, the length of the JSON that follows (made by `box.Box`), then the lifeline: ``t`` sends SIGTERM to the
  job, ``i`` sends SIGINT, ``k`` kills it. End of file means that the local AWS is gone, which kills it too.
- stdout: the job's output and nothing else.
- stderr: two lines of JSON. When the box has started: ``{"first": int or null}``, process 1 of the box's process namespace by its process
  id outside. At the end: ``{"exit_code": int, "limit": str}``.

In namespace mode the processes are: this one, the relay if there is one, process 1 of the job's process namespace (`run_as_init`), the
job. Without namespaces the job is a child of this process. The kernel hands orphans of the job to this process (Linux); elsewhere they are
found by their environment.
"""

# Importing pathlib would take longer than the rest of the start.
# ruff: noqa: PTH108, PTH211
from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

import cgroup
import namespaces
import relay
import view
from cgroup import MemoryGroup
from watch import ProcessMonitor

CANNOT_RUN = 127  # the shell's exit code for a command that is not found
WATCH_SECONDS = 0.5

# ---- the job's processes --------------------------------------------------------------------------------------------------------


def execute(spec: dict, group: MemoryGroup | None = None) -> None:
    """Become the job: its group, session, limits, environment, working directory and program. Never returns."""
    try:
        import resource

        if group:
            group.enter()
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # Python ignores the first two, and the job would inherit that
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        for name, value in spec["rlimits"].items():
            hard = resource.getrlimit(getattr(resource, name))[1]
            soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (soft, hard))
        os.umask(0o022)
        if spec["user"] is not None:
            namespaces.become_user(spec["user"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(1, 2)
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], spec["environment"])
    except OSError as error:
        os.write(1, f"cannot run {spec['argv'][0]!r} in {spec['cwd']!r}: {error}\n".encode())
    os._exit(CANNOT_RUN)


def run_as_init(spec: dict, group: MemoryGroup | None) -> None:
    """Process 1 of the job's namespace: when it ends, the kernel kills every other process of the job. Never returns.

    It ends when the job ends. After SIGTERM, which it forwards to all processes, it ends when all have ended. Without a job it waits for
    other boxes to join: it prints an empty line on the job's output, and runs until it is killed.
    """
    signals = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
    code, job = CANNOT_RUN, 0
    try:
        namespaces.libc("prctl", namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
        if group:
            group.enter()
        view.enter(spec["view"])
        if not spec["nested"]:
            namespaces.forbid_more()
        namespaces.drop_capabilities()
        if spec["argv"] is None:
            wait_for_others()
        job = os.fork()
        if job == 0:
            execute(spec)
        # They stay blocked and are taken one by one: a handler that runs just before `wait` would be a signal that nobody sees.
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        ended, stopping = False, False
        while not ended or stopping:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == job:
                code, ended = exit_code(status), True
            elif child == 0:
                number = signal.sigwait(signals)
                stopping = stopping or number == signal.SIGTERM
                pass_on(number, job)
    except ChildProcessError:
        pass  # no process is left
    except OSError as error:
        os.write(1, f"the job's box could not be made: {error}\n".encode())
    os._exit(code)


def pass_on(number: int, job: int) -> None:
    """Process 1 sends SIGTERM to all processes of its namespace, and SIGINT to the job's process group."""
    with contextlib.suppress(ProcessLookupError):  # it may have just ended
        if number == signal.SIGTERM:
            os.kill(-1, number)
        elif number == signal.SIGINT:
            os.killpg(job, number)


def wait_for_others() -> None:
    """Be process 1 for the boxes that join, and reap their orphans. Never returns; SIGTERM ends it."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.write(1, b"\n")
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        signal.sigtimedwait({signal.SIGCHLD}, 1.0)


def exit_code(status: int) -> int:
    """The exit code of a wait status as Docker reports it: 128 + n for a process that signal n ended."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def enter_namespaces(spec: dict) -> None:
    """Enter the box's namespaces, and start the relay when it does not use this machine's network. The next child is its process 1."""
    port = spec["published_port"]
    inward = (relay.listen(port, spec["published_by"]), spec["container_port"]) if port and not spec["network"] else None
    outward = relay.outward(*spec["gateway"]) if spec["gateway"] and not spec["network"] else None
    own = namespaces.CLONE_NEWIPC | namespaces.CLONE_NEWUTS
    if spec["network_pid"]:
        namespaces.join(spec["network_pid"], own)
    else:
        namespaces.enter_user(own | (0 if spec["network"] else namespaces.CLONE_NEWNET))
        if not spec["network"]:
            namespaces.raise_loopback()
    if not spec["network"]:
        relay.fork(outward, inward)
    if spec["hostname"]:
        namespaces.name_host(spec["hostname"])
    namespaces.libc("unshare", namespaces.CLONE_NEWPID)


def supervise(spec: dict) -> dict:
    """Run the job to its end and return how it ended. Afterwards none of its processes is left."""
    namespaced = spec["mode"] == "namespace"
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # until there is a child to forward them to
    group = cgroup.make(spec["memory"]) if sys.platform == "linux" and spec["memory_group"] else None
    if namespaced:
        enter_namespaces(spec)
    elif sys.platform == "linux":
        namespaces.libc("prctl", namespaces.PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        run_as_init(spec, group) if namespaced else execute(spec, group)
    os.write(2, json.dumps({"first": child if namespaced else None}).encode() + b"\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of the job's output must see its end
    watch = ProcessMonitor(spec, child if namespaced else None, group)
    status, limit, stopping, due = None, "", False, time.monotonic() + WATCH_SECONDS
    while status is None or (stopping and not namespaced and any_child()):
        ready = select.select([0, wake], [], [], max(0.0, due - time.monotonic()))[0]
        command = os.read(0, 1) if 0 in ready else b""
        if 0 in ready and command not in (b"t", b"i"):
            if status is None:
                os.kill(child, signal.SIGKILL)
                status = os.waitpid(child, 0)[1]
            break
        stopping = stopping or command == b"t"
        if command and status is None:
            forward(signal.SIGTERM if command == b"t" else signal.SIGINT, child, watch, namespaced)
        if wake in ready:
            os.read(wake, 512)
        if time.monotonic() >= due:
            if status is None and not limit and (limit := watch.exceeded()):
                os.kill(child, signal.SIGKILL)
            due = time.monotonic() + WATCH_SECONDS
        status = reap(child, status)
    if not namespaced:
        watch.kill_all()
    if group:
        limit = limit or ("memory" if group.exceeded() else "")  # it may have been reached since the last look
        group.remove()
    return {"exit_code": exit_code(status), "limit": limit}


def forward(number: int, child: int, watch: ProcessMonitor, namespaced: bool) -> None:
    """Send a signal to the job: SIGTERM to all its processes, SIGINT to its process group."""
    if namespaced:
        os.kill(child, number)  # process 1 does the rest
    elif number == signal.SIGTERM:
        watch.signal_all(number)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, number)


def reap(child: int, status: int | None) -> int | None:
    """Reap every child that ended, including the job's orphans. Returns the wait status of ``child`` once that has ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = ended[1] if ended[0] == child else status
    return status


def any_child() -> bool:
    """Whether any process of the job still runs. Only on Linux, where its orphans become our children."""
    if sys.platform != "linux":
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def read_exactly(count: int) -> bytes:
    """Read from stdin without a buffer: the bytes that follow belong to the lifeline."""
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
        os.symlink(spec["folder"], spec["link"])
    try:
        outcome = supervise(spec)
    finally:
        if spec["link"]:
            os.unlink(spec["link"])
    os.write(2, json.dumps(outcome).encode() + b"\n")


if __name__ == "__main__":
    main()
