"""Trains one model on several hosts, from a script."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from course.localaws.images.xgboost import hosts as xgboost_hosts

__all__ = ["rabit_run", "wait_hostname_resolution"]


def wait_hostname_resolution(sm_hosts: list[str]) -> None:
    """Do nothing: the names of a job's hosts resolve from the start."""


def rabit_run(
    exec_fun: Callable[..., object],
    args: dict,
    include_in_training: bool,
    hosts: list[str],
    current_host: str,
    first_port: int | None = None,
    second_port: int | None = None,
    update_rabit_args: bool = False,
) -> None:
    """Call ``exec_fun`` with XGBoost's collective on every host that has data. Hosts without data exit.

    Parameters
    ----------
    update_rabit_args : bool
        Whether to pass ``is_master``, which is true on the host that saves the model.
    """
    with xgboost_hosts.collective_training(sorted(hosts), current_host, include_in_training) as keeps:
        if include_in_training:
            exec_fun(**args | ({"is_master": keeps} if update_rabit_args else {}))
    if not include_in_training:
        logging.warning("Host %s not being used for distributed training.", current_host)
        sys.exit(0)
