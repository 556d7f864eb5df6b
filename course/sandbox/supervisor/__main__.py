"""The process between the local AWS and a job: it shuts the job in, watches it, and ends all of it.

Run as ``python -I -S supervisor`` by `box.py`, with the standard library alone so that it starts in milliseconds.

- stdin: eight hexadecimal digits, so many bytes of JSON (`box.Box.start` makes them), then the lifeline: ``t`` asks the job to
  end (SIGTERM), ``i`` interrupts it (SIGINT), ``k`` kills it, and end of file means that the local AWS is gone, which kills it too.
- stdout: the job's output and nothing else.
- stderr: two lines of JSON: ``{"first": int or null}``, process 1 of the box's process namespace by its number outside, once the box is
  begun; and at the end ``{"exit_code": int, "limit": str}``.

In namespace mode the processes are: this one, the relay where there is one, process 1 of the job's process namespace (`run_as_init`), the
job. Without namespaces the job is this one's child; what leaves its parent is handed to this one by the kernel (Linux), or found by its
environment.
"""

# Importing pathlib would take longer than all the rest of the start.
# ruff: noqa: PTH108, PTH211
from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

import namespaces
import relay
import view
from watch import ProcessMonitor

CANNOT_RUN = 127  # the shell's exit code for a command that is not found
WATCH_SECONDS = 0.5

# ---- the job's processes --------------------------------------------------------------------------------------------------------


def execute(spec: dict) -> None:
    """Become the job: its session, limits, environment, working directory and program. Never returns."""
    try:
        import resource

        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # Python ignores the first two, and an ignored signal would be inherited
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
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


def run_as_init(spec: dict) -> None:
    """Process 1 of the job's namespace: when it ends, the kernel kills every other process of the job. Never returns.

    It ends with the job; but after SIGTERM, which it passes on to all, only when all have ended. Without a job it waits for others to enter
    the box: it says so by an empty line on the job's output, and goes on until it is killed.
    """
    code, stopping = CANNOT_RUN, False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        os.kill(-1, signal.SIGTERM)

    def interrupt(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job, signal.SIGINT)

    try:
        namespaces.libc("prctl", namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
        view.enter(spec["view"])
        namespaces.drop_capabilities()
        if spec["argv"] is None:
            wait_for_others()
        job = os.fork()
        if job == 0:
            execute(spec)
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        ended = 0
        while ended != job or stopping:
            ended, status = os.wait()
            code = exit_code(status) if ended == job else code
    except ChildProcessError:
        pass  # none is left
    except OSError as error:
        os.write(1, f"the job could not be shut in: {error}\n".encode())
    os._exit(code)


def wait_for_others() -> None:
    """Be process 1 of whoever enters the box, and collect what they leave. Never returns; SIGTERM ends it."""
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
    """Of a wait status, as Docker reports it: 128 + n for a process that signal n ended."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def enter_namespaces(spec: dict) -> None:
    """Enter the namespaces of the box, and start the relay where it has no network of this machine's; the next child is its process 1."""
    inward = (relay.listen(spec["serves"]), spec["inside"]) if spec["serves"] and not spec["network"] else None
    outward = relay.outward(*spec["gateway"]) if spec["gateway"] and not spec["network"] else None
    own = namespaces.CLONE_NEWIPC | namespaces.CLONE_NEWUTS
    if spec["joins"]:
        namespaces.join(spec["joins"], own)
    else:
        namespaces.enter_user(own | (0 if spec["network"] else namespaces.CLONE_NEWNET))
        if not spec["network"]:
            namespaces.raise_loopback()
            relay.fork(outward, inward)
    if spec["hostname"]:
        namespaces.name_host(spec["hostname"])
    namespaces.libc("unshare", namespaces.CLONE_NEWPID)


def supervise(spec: dict) -> dict:
    """Run the job to its end and say how it ended; afterwards none of its processes is left."""
    shut_in = spec["mode"] == "namespace"
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # until there is somebody to pass it on to
    if shut_in:
        enter_namespaces(spec)
    elif sys.platform == "linux":
        namespaces.libc("prctl", namespaces.PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        run_as_init(spec) if shut_in else execute(spec)
    os.write(2, json.dumps({"first": child if shut_in else None}).encode() + b"\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of the job's output must see its end
    watch = ProcessMonitor(spec, child if shut_in else None)
    status, limit, stopping, due = None, "", False, time.monotonic() + WATCH_SECONDS
    while status is None or (stopping and not shut_in and any_child()):
        ready = select.select([0, wake], [], [], max(0.0, due - time.monotonic()))[0]
        order = os.read(0, 1) if 0 in ready else b""
        if 0 in ready and order not in (b"t", b"i"):
            if status is None:
                os.kill(child, signal.SIGKILL)
                status = os.waitpid(child, 0)[1]
            break
        stopping = stopping or order == b"t"
        if order and status is None:
            pass_on(signal.SIGTERM if order == b"t" else signal.SIGINT, child, watch, shut_in)
        if wake in ready:
            os.read(wake, 512)
        if time.monotonic() >= due:
            if status is None and not limit and (limit := watch.exceeded()):
                os.kill(child, signal.SIGKILL)
            due = time.monotonic() + WATCH_SECONDS
        status = reap(child, status)
    if not shut_in:
        watch.kill_all()
    return {"exit_code": exit_code(status), "limit": limit}


def pass_on(number: int, child: int, watch: ProcessMonitor, shut_in: bool) -> None:
    """A signal to the job: SIGTERM to all its processes, SIGINT to its process group."""
    if shut_in:
        os.kill(child, number)  # process 1 does the rest
    elif number == signal.SIGTERM:
        watch.signal_all(number)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, number)


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
        os.symlink(spec["folder"], spec["link"])
    try:
        outcome = supervise(spec)
    finally:
        if spec["link"]:
            os.unlink(spec["link"])
    os.write(2, json.dumps(outcome).encode() + b"\n")


if __name__ == "__main__":
    main()
