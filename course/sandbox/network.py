"""What a box reaches, and who reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Network:
    """What a box reaches, and who reaches it.

    Attributes
    ----------
    shared : bool
        Whether it has this machine's network. Otherwise it reaches its own loopback and what follows.
    gateway : (int, Path or None) or None
        A port of its loopback, and the Unix socket outside that answers there; None for the same port of this machine's loopback.
    published_port : int or None
        A port of its loopback that is to be reached at the same port of this machine's.
    container_port : int or None
        The port of its loopback instead, where that is another.
    network_pid : int or None
        A process (`Running.first`) in whose network it lives, instead of one of its own.
    hostname : str
        What it is called inside; ``""`` for this machine's name.
    """

    shared: bool = True
    gateway: tuple[int, Path | None] | None = None
    published_port: int | None = None
    container_port: int | None = None
    network_pid: int | None = None
    hostname: str = ""

    def as_json(self) -> dict:
        gateway = self.gateway and [self.gateway[0], self.gateway[1] and str(self.gateway[1])]
        reached = {"gateway": gateway, "serves": self.published_port, "inside": self.container_port or self.published_port}
        return {"network": self.shared, "joins": self.network_pid, "hostname": self.hostname} | reached
