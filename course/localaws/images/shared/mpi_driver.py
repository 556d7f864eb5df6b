"""The parts of SDK v3's MPI driver that use SSH, done by `remote_shell`, because boxes have no SSH daemon.

The driver comes with each job (``sm_drivers/distributed_drivers``). `course.localaws.sagemaker.training.mpi` adds one line to its copy of
``mpi_utils.py``, by which these functions replace those of the same names. The rest is the SDK's: it finds the hosts, runs mpirun, and
writes the failure file. Source: ``mpi_utils.py`` of sagemaker 3, read 2026-11-28.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from course.localaws.images.shared import remote_shell

__all__ = [
    "_can_connect",
    "_wait_for_status_file",
    "_write_file_to_host",
    "get_python_executable",
    "start_sshd_daemon",
    "write_env_vars_to_file",
]

PAUSE_SECONDS = 0.2


def write_env_vars_to_file() -> None:
    """Nothing: a command on another host has the environment of that host's driver."""


def get_python_executable() -> str:
    """The name of Python, because its path is another one on each host."""
    return "python3"


def start_sshd_daemon() -> None:
    """Let other hosts run commands on this one, and let mpirun use `remote_shell`. Raises RuntimeError without a network."""
    if remote_shell.DIRECTORY in os.environ:  # the job has several hosts
        if not remote_shell.has_network(os.environ["SM_NETWORK_INTERFACE_NAME"]):
            raise RuntimeError(
                "The local AWS runs MPI on one instance only without a network: mpirun's daemons do not meet on loopback alone."
            )
        os.environ |= remote_shell.AGENTS
        subprocess.Popen([*remote_shell.COMMAND, "serve-all", os.environ["SM_CURRENT_HOST"]])


def _can_connect(host: str, port: int = 22) -> bool:
    return Path(os.environ[remote_shell.DIRECTORY], host).exists()


def _write_file_to_host(host: str, status_file: str) -> bool:
    return subprocess.run([*remote_shell.COMMAND, host, "touch", status_file], check=False).returncode == 0


def _wait_for_status_file(status_file: str) -> None:
    while not Path(status_file).exists():
        time.sleep(PAUSE_SECONDS)
