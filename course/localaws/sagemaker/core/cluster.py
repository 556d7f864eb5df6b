"""The hosts of a job: names, instance groups, addresses, and ``resourceconfig.json``.

Source: "Distributed Training Configuration" of the SageMaker developer guide (your-algorithms-training-algo-running-container) and
"Training Using a Heterogeneous Cluster", read 2026-11-25. Different from AWS: hosts share one machine, so they have loopback addresses,
and a job with several hosts has the loopback network interface.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

ONLY_GROUP = "homogeneousCluster"
LOOPBACK = "lo" if sys.platform == "linux" else "lo0"
BLOCKS = 62_500  # of 254 addresses each: 127.1.0.x to 127.250.249.x


@dataclass(frozen=True, slots=True)
class Host:
    """One instance of a job; the other hosts know it by its name, e.g. ``algo-1``."""

    name: str
    group: str
    instance_type: str


def instances(resources: dict) -> list[tuple[str, int]]:
    """The pairs of instance type and count in a ``ResourceConfig``."""
    groups = resources.get("InstanceGroups")
    return [(group["InstanceType"], group["InstanceCount"]) for group in groups or [resources]]


def hosts(resources: dict) -> list[Host]:
    """The hosts of a job, numbered through its groups in order."""
    groups = resources.get("InstanceGroups") or [resources | {"InstanceGroupName": ONLY_GROUP}]
    members = [group for group in groups for _ in range(group["InstanceCount"])]
    return [Host(f"algo-{number}", group["InstanceGroupName"], group["InstanceType"]) for number, group in enumerate(members, 1)]


def resource_config(cluster: list[Host], current: Host) -> dict:
    """The content of ``resourceconfig.json`` on one host. Names are sorted as text, as on AWS."""
    groups: dict[str, dict] = {}
    for host in cluster:
        group = {"instance_group_name": host.group, "instance_type": host.instance_type, "hosts": []}
        groups.setdefault(host.group, group)["hosts"].append(host.name)
    return {
        "current_host": current.name,
        "current_instance_type": current.instance_type,
        "current_group_name": current.group,
        "hosts": sorted(host.name for host in cluster),
        "instance_groups": list(groups.values()),
        "network_interface_name": "eth0" if len(cluster) == 1 else LOOPBACK,
    }


def addresses(cluster: list[Host]) -> dict[str, str]:
    """A loopback address for each host. Each job has its own block, so that hosts and jobs can use the same ports.

    Only Linux answers on all of 127.0.0.0/8. Elsewhere the hosts of a job share one address.
    """
    if sys.platform != "linux":
        return {host.name: "127.0.0.1" for host in cluster}
    high, low = divmod(random.randrange(BLOCKS), 250)
    return {host.name: f"127.{high + 1}.{low}.{number + 1}" for number, host in enumerate(cluster, 1)}
