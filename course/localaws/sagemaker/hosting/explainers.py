"""The explainer of an endpoint (Clarify online explainability): checks its configuration, and describes its container.

The explainer runs as a container of its own beside the model's on each instance, takes the requests, and asks the model's container ("How
Clarify Online Explainability Works" of the developer guide). Its program is `course.localaws.images.clarify.explainer`.
"""

from __future__ import annotations

import json

import jmespath
from jmespath.exceptions import JMESPathError

from course.localaws.core.errors import invalid, not_supported
from course.localaws.images import catalogue
from course.localaws.sagemaker.core.job_family import require_installed

REPOSITORY = "sagemaker-clarify-processing"
HOSTNAME = "explainer"
MIME_TYPES = ("text/csv", "application/jsonlines")
PLACEHOLDER = "$features"
# Where AWS documents neither that an explainer works nor that it is refused.
WITHOUT_EXPLAINER = ("AsyncInferenceConfig", "ShadowProductionVariants")
ENVIRONMENT = {"SAGEMAKER_MODEL_SERVER_WORKERS": "4"}  # so that requests without explanations do not wait for those with


def check(params: dict, region: str) -> None:
    """Check the ``ExplainerConfig`` of a CreateEndpointConfig request, if it has one, and whether it can run here.

    Source: ``API_ClarifyExplainerConfig`` and what it refers to in the API reference. AWS does not publish its messages. An
    ``EnableExplanations`` that is no JMESPath expression is not refused here: "the endpoint creation will fail".

    Raises
    ------
    AwsError
        ``ValidationException``, ``NotSupportedByLocalAws``.
    """
    if "ExplainerConfig" not in params:
        return
    config = params["ExplainerConfig"].get("ClarifyExplainerConfig")
    if config is None:
        raise invalid("ExplainerConfig needs a ClarifyExplainerConfig.")
    for member in WITHOUT_EXPLAINER:
        if member in params:
            raise not_supported("sagemaker", f"CreateEndpointConfig with {member} and ExplainerConfig")
    _check_shap(config["ShapConfig"])
    _check_inference(config.get("InferenceConfig", {}))
    require_installed(image(region))


def _check_shap(shap: dict) -> None:
    if "TextConfig" in shap:
        raise not_supported("sagemaker", "CreateEndpointConfig with TextConfig of an ExplainerConfig")
    baseline = shap["ShapBaselineConfig"]
    if ("ShapBaseline" in baseline) == ("ShapBaselineUri" in baseline):
        raise invalid("ShapBaselineConfig must have one of ShapBaseline and ShapBaselineUri.")
    if baseline.get("MimeType", MIME_TYPES[0]) not in MIME_TYPES:
        raise invalid(f"MimeType of ShapBaselineConfig is {baseline['MimeType']}; it must be one of {', '.join(MIME_TYPES)}.")


def _check_inference(inference: dict) -> None:
    types = inference.get("FeatureTypes")
    if types is not None and "text" not in types:
        raise invalid("FeatureTypes must have at least one text; it is for explanations of text only.")
    if types is not None:
        raise not_supported("sagemaker", "CreateEndpointConfig with FeatureTypes text of an ExplainerConfig")
    template = inference.get("ContentTemplate", PLACEHOLDER)
    if template.count(PLACEHOLDER) != 1:
        raise invalid(f"ContentTemplate is {template}; it must have {PLACEHOLDER} once.")
    for member in ("FeaturesAttribute", "ProbabilityAttribute", "LabelAttribute"):
        if member in inference:
            try:
                jmespath.compile(inference[member])
            except JMESPathError:
                raise invalid(f"{member} is {inference[member]}; it must be a JMESPath expression.") from None


def container(config: dict, region: str) -> dict:
    """The container of the explainer of an endpoint configuration, in the form of `variants.containers_of`.

    A ``ShapBaselineUri`` is fetched like a model's data, with the permissions of the model's role.
    """
    clarify = config["ExplainerConfig"]["ClarifyExplainerConfig"]
    described = {
        "Image": image(region),
        "Hostname": HOSTNAME,
        "Environment": ENVIRONMENT | {"EXPLAINER_CONFIG": json.dumps(clarify)},
    }
    uri = clarify["ShapConfig"]["ShapBaselineConfig"].get("ShapBaselineUri")
    return described | ({"ShapBaselineUri": uri} if uri else {})


def image(region: str) -> str:
    """The URI of Clarify's image in a region."""
    entry = catalogue.entry(REPOSITORY)
    return catalogue.uri(entry, entry["versions"][-1], region)
