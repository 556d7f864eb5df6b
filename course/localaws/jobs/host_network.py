"""How the hosts of one job meet: each knows the others by name, and hosts without this machine's network have one together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course.sandbox import host_names
from course.sandbox.box import best_mode
from course.sandbox.visible import BindMount

if TYPE_CHECKING:
    from course.localaws.jobs.overlay import Overlay
    from course.localaws.jobs.runner import JobRunner

HOSTS = Path("/etc/hosts")


@contextlib.contextmanager
def shared_network(runner: JobRunner, folder: Path, hosts: int, isolated: bool) -> Iterator[int | None]:
    """A process in whose network the hosts are to meet; None where a single host, or this machine's network, needs none."""
    if hosts == 1 or not (isolated or runner.platform.sealed):
        yield None
        return
    box = runner.box(folder, {}, isolated=isolated).open()
    try:
        yield box.first
    finally:
        box.kill()


def host_name_setup(folder: Path, overlay: Overlay, addresses: dict[str, str], host: str) -> tuple[list[BindMount], dict[str, str]]:
    """What a host is shown and which variables it gets, so that it knows every host of ``addresses`` by name.

    Parameters
    ----------
    folder : Path
        The host's own, into which its /etc/hosts is written.
    overlay : Overlay
        Whose Python knows the names where a box has no /etc/hosts of its own.
    addresses : dict
        From name to address.
    host : str
        Which of them it is.
    """
    if best_mode() == "namespace":
        return [BindMount(_hosts_file(folder, addresses), HOSTS)], {}
    host_names.install(overlay.packages)
    return [], host_names.variables(addresses, host)


def _hosts_file(folder: Path, addresses: dict[str, str]) -> Path:
    """This machine's /etc/hosts and the job's hosts."""
    path = folder / "hosts"
    with contextlib.suppress(OSError):
        path.write_text(HOSTS.read_text())
    with path.open("a") as file:
        file.writelines(f"\n{address} {name}\n" for name, address in addresses.items())
    return path
