"""The process that holds the grading seed: it forks the processes that judge (`judge_process`), and opens no file.

The process that runs a notebook handles the files of a submission, so it gets a connection to this process in place of the seed. Over the
connection it sends one end of a new connection for each judge; `course.sandbox.joining` says what follows there.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from typing import NoReturn

from course.grading.exercise.seeds import Draw
from course.grading.submission import judge_process
from course.sandbox import joining, processes

END_SECONDS = 5  # to end by itself


def hold(connection: socket.socket, draw: Draw) -> NoReturn:
    """The main function of the process: fork a judge for each descriptor that comes over the connection, until that ends."""
    processes.protect_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that runs the notebook
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the operating system reaps the children
    with contextlib.suppress(OSError):
        while descriptors := socket.recv_fds(connection, 1, 1)[1]:
            if os.fork() == 0:
                connection.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                joining.keep(socket.socket(fileno=descriptors[0]), functools.partial(judge_process.become_judge, draw))
            os.close(descriptors[0])
    os._exit(0)


@contextlib.contextmanager
def held(draw: Draw) -> Iterator[socket.socket]:
    """Fork a process that holds the seed, for a program that knows the seed itself; yields the connection to it."""
    ours, theirs = socket.socketpair()
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(theirs, ours, draw), name="seed holder")
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join(END_SECONDS)
        process.kill()
        process.join()


def _hold(connection: socket.socket, of_parent: socket.socket, draw: Draw) -> NoReturn:
    of_parent.close()
    hold(connection, draw)
