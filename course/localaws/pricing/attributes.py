"""The attributes of products, from `price_list.yaml` and the table of instance types. One that is not known is left out.

Matches AWS (recorded answers): names of attributes, and the forms of their values. Differs from AWS: vCPUs, memory, accelerators and
network are those that EC2 says; AWS's price list has other spellings of the network, "N/A" in places, and for some g6 wrong vCPUs.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from course.localaws.billing import prices
from course.localaws.core.data_files import table
from course.localaws.sagemaker.core import instance_types
from course.localaws.sagemaker.core.instance_types import InstanceType

PRICE_LIST = Path(__file__).with_name("price_list.yaml")
INSTANCES, RUN = "ML Instance", "RunInstance"


def location(region: str) -> str:
    """``"US East (N. Virginia)"``."""
    return table(PRICE_LIST)["locations"][region]


def special(service: str, usage_type: str) -> dict:
    """The entry of a product in `price_list.yaml`; empty without one."""
    return table(PRICE_LIST)["products"].get(service, {}).get(usage_type, {})


def family(service: str, usage_type: str) -> str:
    """The ``productFamily`` of a usage type; empty if it is not known."""
    return INSTANCES if prices.instance(service, usage_type) else special(service, usage_type).get("family", "")


def attributes(service: str, usage_type: str, region: str) -> dict[str, str]:
    """All attributes of the product of a usage type, without its region's prefix, in a region."""
    found = _place(service, region) | {
        "servicecode": service,
        "servicename": table(PRICE_LIST)["service_names"].get(service, prices.names()[service]),
        "usagetype": prices.billed_type(service, usage_type, region),
    }
    instance = prices.instance(service, usage_type)
    return found | (_of_instance(*instance) if instance else special(service, usage_type).get("attributes", {}))


def _place(service: str, region: str) -> dict[str, str]:
    if service in table(PRICE_LIST)["between_places"]:
        return {"fromRegionCode": region, "fromLocation": location(region), "fromLocationType": "AWS Region"}
    return {"regionCode": region, "location": location(region), "locationType": "AWS Region"}


def _of_instance(component: str, name: str) -> dict[str, str]:
    named = {"instanceName": name, "instanceType": f"{name}-{component}", "component": component, "platoinstancetype": component}
    named |= {"platoinstancename": name.split(".")[1], "operation": RUN}
    hardware = instance_types.known(name)
    return named | (_hardware(hardware) if hardware else {})


def _hardware(found: InstanceType) -> dict[str, str]:
    shown = {"vCpu": f"{found.vcpus}", "memory": f"{found.gib:g} GiB", "networkPerformance": found.network}
    shown |= {"computeType": _compute_types().get(found.family, "")} | _accelerators(found)
    if found.family in table(PRICE_LIST)["current_generation"]:
        shown["currentGeneration"] = "Yes"
    return {name: value for name, value in shown.items() if value}


def _accelerators(found: InstanceType) -> dict[str, str]:
    if not found.accelerators:
        return dict.fromkeys(("gpu", "gpuMemory", "physicalGpu"), "N/A")
    listed = table(PRICE_LIST)["accelerators"].get(found.family)
    if listed is None:
        return {}
    count, memory = (f"{found.accelerators}", f"{listed['gb'] * found.accelerators}") if "gb" in listed else ("N/A", "N/A")
    return {"gpu": count, "gpuMemory": memory, "physicalGpu": listed.get("name", "")}


@cache
def _compute_types() -> dict[str, str]:
    """Family -> its ``computeType``."""
    return {family: name for name, families in table(PRICE_LIST)["compute_types"].items() for family in families}
