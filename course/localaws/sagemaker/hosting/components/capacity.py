"""Places copies of inference components on the instances of their endpoint, and scales these instances where AWS manages them."""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.hosting.components import placement
from course.localaws.sagemaker.hosting.components.placement import INFERENCE_COMPONENT, InsufficientResources, Placement, Resources
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT, Endpoints


class CopyPlacement:
    """Allocates and releases places for copies."""

    def __init__(self, engine: ResourceEngine, endpoints: Endpoints) -> None:
        self._engine, self._endpoints = engine, endpoints

    def host(self, context: Context, endpoint: str, variant: str | None) -> tuple[Document, dict]:
        """The endpoint in service and its variant that hosts components. Raises AwsError ``ValidationException``."""
        document = self.endpoint(context, endpoint)
        if variant is None:
            raise invalid("VariantName is required; only an adapter inference component has none.")
        found = [each for each in document["_Variants"] if each["VariantName"] == variant]
        if not found:
            raise invalid(f'Could not find variant "{variant}" of endpoint "{document["EndpointArn"]}".')
        return document, found[0]

    def endpoint(self, context: Context, name: str) -> Document:
        """An endpoint in service that hosts components. Raises AwsError ``ValidationException``."""
        document = self._engine.get(context, ENDPOINT, name)
        if "ComponentRole" not in document["_Settings"]:
            raise invalid(f'Endpoint "{document["EndpointArn"]}" hosts models and no inference components: its variants have a ModelName.')
        if document["EndpointStatus"] != "InService":
            status = document["EndpointStatus"]
            raise invalid(f'Endpoint "{document["EndpointArn"]}" must be InService to host inference components; its status is {status}.')
        return document

    def allocate(self, context: Context, name: str, count: int, variant: dict | None = None, member: str = "_Arriving") -> Document:
        """Allocate places for more copies, of a new ``variant`` or of the present one; returns the component's changed document.

        Appends the places to a ``member`` of the document. Adds instances to the endpoint if needed, where ManagedInstanceScaling allows.

        Raises
        ------
        InsufficientResources
        AwsError
            ``ResourceLimitExceeded``; ``ValidationException`` when the endpoint is changing.
        """

        def changes(document: Document) -> dict:
            _, host = self.host(context, document["EndpointName"], document["VariantName"])
            own = document.get("_Arriving", []) if variant else document["_Places"]
            taken = self._places(context, document)
            planned = variant or document["_Variant"]
            found = placement.place_copies(host, taken, own, planned["Needs"], count, planned["Strategy"])
            return {member: [*document.get(member, []), *found]}

        while True:
            try:
                return self._engine.update(context, INFERENCE_COMPONENT, name, changes)
            except InsufficientResources as error:
                self._grow(context, self._engine.get(context, INFERENCE_COMPONENT, name), variant, error)

    def release(self, context: Context, name: str) -> None:
        """Remove instances without copies, where ManagedInstanceScaling is enabled."""
        if self._endpoints.ending:
            return
        document = self._engine.get(context, INFERENCE_COMPONENT, name)
        endpoint = self._engine.get(context, ENDPOINT, document["EndpointName"])
        [host] = [each for each in endpoint["_Variants"] if each["VariantName"] == document["VariantName"]]
        scaling = host.get("Scaling", {})
        if scaling.get("Status") != "ENABLED" or endpoint["EndpointStatus"] != "InService":
            return

        def counted(host: dict) -> int:
            used = len(placement.in_use(self._places(context, document)))
            return min(host["InstanceCount"], max(used, scaling.get("MinInstanceCount", 1)))

        self._endpoints.count(context, document["EndpointName"], document["VariantName"], counted)

    def _grow(self, context: Context, document: Document, variant: dict | None, reason: InsufficientResources) -> None:
        """Add one instance for a component that does not fit. Raises ``reason`` if that is not allowed or does not help."""
        needs = Resources.required((variant or document["_Variant"])["Needs"])

        def counted(host: dict) -> int:
            count, scaling = host["InstanceCount"], host.get("Scaling", {})
            managed = scaling.get("Status") == "ENABLED" and count < scaling.get("MaxInstanceCount", count)
            if not managed or not Resources.of_type(host["InstanceType"]).fits(needs):
                raise reason
            return count + 1

        self._endpoints.count(context, document["EndpointName"], document["VariantName"], counted)

    def _places(self, context: Context, document: Document) -> list[Placement]:
        """All places in use on the variant of a component."""
        components = placement.components_of(self._engine, context, document["EndpointName"])
        return placement.placements_of(components, document["VariantName"])
