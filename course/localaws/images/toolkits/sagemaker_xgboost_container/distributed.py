"""Scripts on several hosts that train one model together."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from course.localaws.images.xgboost import hosts as xgboost_hosts

__all__ = ["rabit_run", "wait_hostname_resolution"]


def wait_hostname_resolution(sm_hosts: list[str]) -> None:
    """Nothing to wait for: the hosts of a job have their names when its first program begins."""


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
    """Call ``exec_fun`` on every host that has data, with XGBoost's collective between them; the others end here.

    Parameters
    ----------
    update_rabit_args : bool
        Whether it is told ``is_master``, too: that this host is the one that keeps the model.
    """
    with xgboost_hosts.collective_training(sorted(hosts), current_host, include_in_training) as keeps:
        if include_in_training:
            exec_fun(**args | ({"is_master": keeps} if update_rabit_args else {}))
    if not include_in_training:
        logging.warning("Host %s not being used for distributed training.", current_host)
        sys.exit(0)
