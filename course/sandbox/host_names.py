"""Lets Python programs find a job's hosts by name where a box cannot have its own /etc/hosts (rewrite mode).

A ``.pth`` file of the job's overlay (`install`) imports this module when a Python process of the job starts. Code that resolves names
itself, in C or another language, is not affected; so the addresses in torchrun's arguments are replaced (`OPTION`, ``MASTER_ADDR``).
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
    """Make each Python that uses the site-packages ``packages`` import this module, after the lines that make `course` importable."""
    (packages / "hosts.pth").write_text(f"import {__name__}\n")


def variables(addresses: dict[str, str], current: str) -> dict[str, str]:
    """The environment variables that give a process on host ``current`` the addresses of all hosts."""
    return {ADDRESSES: " ".join(f"{name}={address}" for name, address in addresses.items()), CURRENT: current}


def apply(known: dict[str, str], current: str) -> None:
    """Let this process resolve the names in ``known`` (name to address), and use ``current`` as its own host name."""

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
    """A command line in which torchrun's ``--master_addr`` has an address instead of a name."""
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
