"""Trains one XGBoost model on several hosts, each with its own data.

Matches `sagemaker-xgboost-container` 1.7 (``distributed.py``, read 2026-11-25): hosts without data are left out, the first of the
others by name saves the model, and a single host with data trains alone. Different: hosts report whether they have data over a plain
socket, not in a first round of rabit.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
from collections.abc import Iterator

import numpy as np

from course.localaws.images.xgboost import payloads

PORT = 9099  # port of the first host
PAUSE = 0.05  # seconds between attempts to connect to the first host
logger = logging.getLogger(__name__)


@contextlib.contextmanager
def collective_training(hosts: list[str], current: str, has_data: bool) -> Iterator[bool]:
    """Connects XGBoost on the hosts that have data, for the block. Yields whether this host saves the model.

    A host without data must not train in the block.

    Raises
    ------
    RuntimeError
        No host has data.
    """
    if len(hosts) == 1:
        yield True
        return
    logger.info("Distributed node training with %d hosts: %s", len(hosts), hosts)
    if not has_data:
        logger.warning("Host %s does not have data. Will broadcast to cluster and will not be used in distributed training.", current)
    address = socket.gethostbyname(hosts[0])
    report = (current, has_data)
    tracker = None
    if current == hosts[0]:
        members, port, tracker = _lead(address, len(hosts), report)
    else:
        members, port = _follow(address, report)
    if not members:
        raise RuntimeError("No hosts received training data.")
    if has_data and len(members) > 1:
        collective = payloads.import_xgboost().collective
        with collective.CommunicatorContext(dmlc_tracker_uri=address, dmlc_tracker_port=port, dmlc_task_id=current):
            yield current == members[0]
    else:
        yield has_data
    if tracker is not None:
        tracker.wait_for()


def _lead(address: str, count: int, report: tuple[str, bool]) -> tuple[list[str], int, object]:
    """Collect from ``count`` hosts whether they have data, start XGBoost's tracker for those that do, and send both to all hosts."""
    with socket.create_server((address, PORT), backlog=count) as listener, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(listener.accept()[0]) for _ in range(count - 1)]
        reports = [report, *(json.loads(connection.makefile().readline()) for connection in connections)]
        members = sorted(host for host, has_data in reports if has_data)
        tracker, port = None, 0
        if len(members) > 1:
            payloads.import_xgboost()
            from xgboost.tracker import RabitTracker

            tracker = RabitTracker(n_workers=len(members), host_ip=address)
            tracker.start()
            port = tracker.worker_args()["dmlc_tracker_port"]
        for connection in connections:
            connection.sendall(json.dumps([members, port]).encode() + b"\n")
    return members, port, tracker


def _follow(address: str, report: tuple[str, bool]) -> tuple[list[str], int]:
    """Report to the first host whether this one has data. Returns the hosts that have data, and the tracker's port."""
    while True:
        try:
            connection = socket.create_connection((address, PORT))
            break
        except ConnectionRefusedError:
            time.sleep(PAUSE)  # it is still reading its data
    with connection:
        connection.sendall(json.dumps(report).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def any_host(asked: bool) -> bool:
    """Whether ``asked`` is true on any of the hosts that train together. All hosts must call it."""
    collective = payloads.import_xgboost().collective
    if not collective.is_distributed():
        return asked
    return bool(collective.allreduce(np.array([int(asked)]), collective.Op.MAX)[0])
