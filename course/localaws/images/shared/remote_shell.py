"""A replacement for SSH between the hosts of one job, for mpirun: one host runs a command in the box of another.

    python3 -m course.localaws.images.shared.remote_shell serve HOST           in the box of HOST, for one command
    python3 -m course.localaws.images.shared.remote_shell serve-all HOST       in the box of HOST, for any number of commands at a time
    python3 -m course.localaws.images.shared.remote_shell [-OPTION...] HOST COMMAND...    in the caller's box, as ``ssh`` is called

The hosts of a job share a private directory of Unix sockets (`DIRECTORY`), so there are neither ports nor keys. The command has the
standard streams of the caller and the environment of the host that runs it. It ends when the caller ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

DIRECTORY = "COURSE_HOST_SOCKETS"  # the variable that names the directory
COMMAND = ("python3", "-m", "course.localaws.images.shared.remote_shell")
# By these variables mpirun calls it instead of SSH: the first up to release 4 of Open MPI, the second since.
AGENTS = dict.fromkeys(("OMPI_MCA_plm_rsh_agent", "PRTE_MCA_plm_ssh_agent"), " ".join(COMMAND))
LONGEST = 128 << 10  # bytes of a command
PAUSE_SECONDS = 0.05  # between two attempts to connect


def has_network(interface: str) -> bool:
    """Whether there is another network interface than ``interface``, the hosts' own: mpirun's daemons do not meet on loopback alone."""
    return any(name != interface for _, name in socket.if_nameindex())


def serve(host: str) -> int:
    """Accept one command on ``host``, run it, and send its exit code to the caller."""
    with _listening(host) as server:
        connection, _ = server.accept()
    _run(connection)
    return 0


def serve_all(host: str) -> NoReturn:
    """Accept commands on ``host`` for ever, as `serve` does, each in a thread."""
    with _listening(host) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_run, args=(connection,), daemon=True).start()


def _listening(host: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    beside = f"{host}.new"
    server.bind(beside)
    server.listen()
    Path(beside).rename(host)  # the name appears once the socket listens
    return server


def _run(connection: socket.socket) -> None:
    with connection:
        command, streams, _, _ = socket.recv_fds(connection, LONGEST, 3)
        process = subprocess.Popen(["/bin/sh", "-c", command.decode()], stdin=streams[0], stdout=streams[1], stderr=streams[2])
        for stream in streams:
            os.close(stream)
        threading.Thread(target=_end_with, args=(connection, process), daemon=True).start()
        exit_code = process.wait()
        with contextlib.suppress(OSError):  # the caller may have ended
            connection.sendall(str(exit_code if exit_code >= 0 else 128 - exit_code).encode())
            connection.shutdown(socket.SHUT_RDWR)  # also ends the wait of `_end_with`, without which the caller would not see an end


def ask(host: str, command: str) -> int:
    """Wait for ``host``, have it run a command, and return the exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        while True:
            try:
                connection.connect(host)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(PAUSE_SECONDS)
        socket.send_fds(connection, [command.encode()], [0, 1, 2])
        answer = b"".join(iter(lambda: connection.recv(16), b""))
    return int(answer or 255)


def _end_with(connection: socket.socket, process: subprocess.Popen) -> None:
    """End the process when the caller ends."""
    with contextlib.suppress(OSError):
        connection.recv(1)
    process.terminate()


def main(arguments: list[str]) -> int:
    os.chdir(os.environ[DIRECTORY])  # the address of a Unix socket must be short, the directory's path may be long
    if arguments[0] in ("serve", "serve-all"):
        return (serve if arguments[0] == "serve" else serve_all)(arguments[1])
    words = list(arguments)
    while words[0].startswith("-"):
        words.pop(0)
    host, *command = words
    return ask(host, " ".join(command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
