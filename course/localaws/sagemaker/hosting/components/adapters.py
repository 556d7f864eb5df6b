"""Adapter inference components: AWS's checks, and the refusal that no container here can load an adapter.

Source: "Fine-tune models with adapter inference components" of the developer guide and ``InferenceComponentSpecification`` of the API
reference, read 2026-11-26: a base component on the same endpoint, the adapter's archive as ``Container.ArtifactUrl``, no
``ComputeResourceRequirements``; it runs on the base's variant and copies. AWS's error texts are not known; these are ours.
"""

from __future__ import annotations

from typing import NoReturn

from course.localaws.context import Context
from course.localaws.core.errors import invalid, not_supported
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.hosting.components.placement import INFERENCE_COMPONENT

WHAT = "an adapter inference component"


def refuse(engine: ResourceEngine, context: Context, endpoint: Document, params: dict) -> NoReturn:
    """Refuse to create an adapter component on an endpoint in service.

    Raises
    ------
    AwsError
        ``ValidationException`` where AWS refuses it too; otherwise ``NotSupportedByLocalAws`` with the image that cannot load adapters.
    """
    specification = params["Specification"]
    name = specification["BaseInferenceComponentName"]
    if "ComputeResourceRequirements" in specification:
        raise invalid(f"Specification of {WHAT} has no ComputeResourceRequirements: it uses the resources of its base, {name}.")
    container = specification.get("Container", {})
    if "ModelName" in specification or "Image" in container or "ArtifactUrl" not in container:
        raise invalid(
            f"Specification of {WHAT} needs a Container with the ArtifactUrl of the adapter, and neither an Image nor a ModelName."
        )
    base = engine.get(context, INFERENCE_COMPONENT, name)
    if base["EndpointName"] != endpoint["EndpointName"]:
        raise invalid(f"Base inference component {name} is on endpoint {base['EndpointName']}, not on {endpoint['EndpointName']}.")
    if params.get("VariantName", base["VariantName"]) != base["VariantName"]:
        raise invalid(f"Base inference component {name} is on variant {base['VariantName']}, not on {params['VariantName']}.")
    if base["InferenceComponentStatus"] != "InService":
        raise invalid(f"Base inference component {name} must be InService; its status is {base['InferenceComponentStatus']}.")
    [container] = base["_Variant"]["Containers"]
    raise not_supported(
        "sagemaker", f"CreateInferenceComponent of an adapter for {name}, whose image {container['Image']} loads none here,"
    )
