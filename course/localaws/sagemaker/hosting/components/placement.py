"""Which instance of a variant holds which copies of its inference components.

Only instances that hold a copy have a number, because empty instances do not differ. A placement is plain JSON, stored with the component:
the number of its instance, and the resources of the copy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.core.resources import ResourceEngine, ResourceKind
from course.localaws.sagemaker.core import instance_types
from course.localaws.sagemaker.hosting.servers.model_server import HostingError

# Wording of the missing one: https://github.com/hashicorp/terraform-provider-aws/pull/48894
INFERENCE_COMPONENT = ResourceKind(
    name="InferenceComponent",
    arn="inference-component",
    missing='Could not find inference component "{arn}".',
    exists='Cannot create already existing inference component "{arn}".',
    status="InferenceComponentStatus",
    summary=("EndpointArn", "EndpointName", "VariantName"),
    filters={"EndpointNameEquals": "EndpointName", "VariantNameEquals": "VariantName"},
)
STRATEGIES = ("SPREAD", "BINPACK")  # the first is the default here; AWS does not publish its default
Placement = dict


class InsufficientResources(HostingError):
    """The instances of a variant cannot hold a copy."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a copy or of an instance: memory in MB, CPU cores, accelerators."""

    memory: float
    cores: float = 0.0
    accelerators: float = 0.0

    @classmethod
    def required(cls, requirements: dict) -> Resources:
        """The resources that ``ComputeResourceRequirements`` reserve."""
        cores, accelerators = requirements.get("NumberOfCpuCoresRequired", 0), requirements.get("NumberOfAcceleratorDevicesRequired", 0)
        return cls(requirements["MinMemoryRequiredInMb"], cores, accelerators)

    @classmethod
    def of_type(cls, instance_type: str) -> Resources:
        memory = instance_types.memory(instance_type) >> 20
        return cls(memory, instance_types.vcpus(instance_type), instance_types.accelerators(instance_type))

    def __sub__(self, other: Resources) -> Resources:
        return Resources(self.memory - other.memory, self.cores - other.cores, self.accelerators - other.accelerators)

    def fits(self, other: Resources) -> bool:
        return self.memory >= other.memory and self.cores >= other.cores and self.accelerators >= other.accelerators

    def __str__(self) -> str:
        return f"{self.memory:g} MB of memory, {self.cores:g} CPU cores and {self.accelerators:g} accelerators"


def components_of(engine: ResourceEngine, context: Context, endpoint: str) -> list[dict]:
    """The documents of an endpoint's inference components."""
    return [document for document in engine.documents(context, INFERENCE_COMPONENT) if document["EndpointName"].lower() == endpoint.lower()]


def placements_of(components: Iterable[dict], variant: str) -> list[Placement]:
    """All placements on a variant's instances, including copies that are starting or ending."""
    here = [component for component in components if component["VariantName"] == variant]
    return [place for component in here for member in ("_Places", "_Arriving", "_Leaving") for place in component.get(member, ())]


def instances_of(engine: ResourceEngine, context: Context, component: str) -> list[int]:
    """The instance number of each copy of a component; empty if the component was deleted meanwhile."""
    found = [document for document in engine.documents(context, INFERENCE_COMPONENT) if document["InferenceComponentName"] == component]
    return [place["Instance"] for document in found for place in document["_Places"]]


def in_use(places: Iterable[Placement]) -> set[int]:
    """The numbers of the instances that hold a copy."""
    return {place["Instance"] for place in places}


def place_copies(
    variant: dict, taken: Iterable[Placement], own: Sequence[Placement], needs: dict, count: int, strategy: str
) -> list[Placement]:
    """Placements for more copies of a component.

    Parameters
    ----------
    variant : dict
        One of `variants.variants_of`.
    taken : iterable of Placement
        Of all components.
    own : sequence of Placement
        Of the component itself; ``SPREAD`` avoids their instances.
    needs : dict
        ``ComputeResourceRequirements`` of a copy.
    count : int
    strategy : str

    Raises
    ------
    InsufficientResources
    """
    whole, wanted = Resources.of_type(variant["InstanceType"]), Resources.required(needs)
    free: dict[int, Resources] = defaultdict(lambda: whole)
    for place in taken:
        free[place["Instance"]] -= Resources.required(place["Needs"])
    copies = Counter(place["Instance"] for place in own)
    found = []
    for _ in range(count):
        if len(free) < variant["InstanceCount"]:
            free[_unused(free)] = whole  # one more empty instance
        fitting = [number for number, left in free.items() if left.fits(wanted)]
        if not fitting:
            raise _insufficient(variant, whole, wanted)
        if strategy == "SPREAD":
            number = min(fitting, key=lambda number: (copies[number], -free[number].memory, number))
        else:
            number = min(fitting, key=lambda number: (free[number].memory, number))
        free[number] -= wanted
        copies[number] += 1
        found.append({"Instance": number, "Needs": needs})
    return found


def check_instances(engine: ResourceEngine, context: Context, endpoint: dict, variants: Sequence[dict]) -> None:
    """Check that an endpoint's components keep their instances when its variants change.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    components = components_of(engine, context, endpoint["EndpointName"])
    hosts = {variant["VariantName"]: variant for variant in variants if variant.get("Hosts")}
    for before in endpoint["_Variants"]:
        name, after = before["VariantName"], hosts.get(before["VariantName"])
        if not any(component["VariantName"] == name for component in components):
            continue
        if after is None or after["InstanceType"] != before["InstanceType"]:
            kind = before["InstanceType"]
            raise invalid(f'Variant {name} of endpoint "{endpoint["EndpointArn"]}" has inference components: it must stay, on {kind}.')
        used = len(in_use(placements_of(components, name)))
        if after["InstanceCount"] < used:
            raise invalid(f"Variant {name} needs at least {used} instances for the copies of its inference components.")


def check_none(engine: ResourceEngine, context: Context, endpoint: dict) -> None:
    """Check that an endpoint has no inference components, before it is deleted. Raises AwsError ``ValidationException``."""
    names = [component["InferenceComponentName"] for component in components_of(engine, context, endpoint["EndpointName"])]
    if names:
        raise invalid(f'Cannot delete endpoint "{endpoint["EndpointArn"]}": delete its inference components first ({", ".join(names)}).')


def _unused(free: dict[int, Resources]) -> int:
    return next(number for number in range(len(free) + 1) if number not in free)


def _insufficient(variant: dict, whole: Resources, wanted: Resources) -> InsufficientResources:
    instances = f"{variant['InstanceCount']} of {variant['InstanceType']}"
    return InsufficientResources(
        f"No instance of variant {variant['VariantName']} has enough free resources for a copy of the inference component. A copy "
        f"requires {wanted}; each of the variant's instances ({instances}) has {whole} for all copies on it."
    )
