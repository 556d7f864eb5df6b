"""Makes the names of a job's hosts known to Python programs where a box has no /etc/hosts of its own (rewrite mode).

Imported when a Python process of such a job starts, by a ``.pth`` file of the job's overlay (`install`). What resolves names by itself, in
C or another language, is not reached; so the addresses that torchrun is told are replaced (`OPTION`, ``MASTER_ADDR``).
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

ADDRESSES, CURRENT = "COURSE_HOST_ADDRESSES", "COURSE_HOST"
OPTION = re.compile(r"--master[-_]addr")


def install(packages: Path) -> None:
    """Have it imported by each Python that uses the site-packages ``packages``, after those that make `course` importable."""
    (packages / "hosts.pth").write_text(f"import {__name__}\n")


def variables(addresses: dict[str, str], current: str) -> dict[str, str]:
    """The variables that tell a process of ``current`` the hosts' addresses."""
    return {ADDRESSES: " ".join(f"{name}={address}" for name, address in addresses.items()), CURRENT: current}


def apply(known: dict[str, str], current: str) -> None:
    """Let this process find the hosts of ``known``, a dict from name to address, and call itself ``current``."""

    def host_first(function: Callable) -> Callable:
        def resolved(host: object, *arguments: object, **named: object) -> object:
            return function(known.get(host, host) if isinstance(host, str) else host, *arguments, **named)

        return resolved

    def address_last(method: Callable) -> Callable:
        def resolved(self: socket.socket, *arguments: object) -> object:
            *others, address = arguments
            if isinstance(address, tuple) and address and isinstance(address[0], str):
                address = (known.get(address[0], address[0]), *address[1:])
            return method(self, *others, address)

        return resolved

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, host_first(getattr(socket, name)))
    for name in ("bind", "connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, address_last(getattr(socket.socket, name)))
    socket.gethostname = lambda: current
    if os.environ.get("MASTER_ADDR") in known:
        os.environ["MASTER_ADDR"] = known[os.environ["MASTER_ADDR"]]
    sys.argv[:] = translated(sys.argv, known)


def translated(arguments: list[str], known: dict[str, str]) -> list[str]:
    """A command line in which torchrun's ``--master_addr`` is an address."""
    result, before = [], ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if OPTION.fullmatch(option) and equals:
            result.append(f"{option}={known.get(value, value)}")
        else:
            result.append(known.get(argument, argument) if OPTION.fullmatch(before) else argument)
        before = argument
    return result


if os.environ.get(ADDRESSES):
    apply(dict(pair.split("=", 1) for pair in os.environ[ADDRESSES].split()), os.environ[CURRENT])
