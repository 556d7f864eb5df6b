"""The members of DescribeEndpoint that come from the endpoint's configuration."""

from __future__ import annotations


def described(config: dict, variants: list[dict], settings: dict, now: float, status: str = "") -> dict:
    """The members that come from a configuration; None for those that it does not have.

    Parameters
    ----------
    config : dict
        An endpoint configuration.
    variants, settings
        See `variants.variants_of` and `variants.settings_of`.
    now : float
        Unix seconds.
    status : str
        The status of its variants while they are not yet in service.
    """
    shadows = [summary(variant, now, status) for variant in settings.get("Shadows", ())]
    return {
        "ProductionVariants": [summary(variant, now, status) for variant in variants],
        "ShadowProductionVariants": shadows or None,
        "DataCaptureConfig": capture_summary(config, bool(status)),
        "AsyncInferenceConfig": settings.get("Async"),
        "ExplainerConfig": config.get("ExplainerConfig"),
    }


def summary(variant: dict, now: float, status: str = "") -> dict:
    """A ``ProductionVariantSummary``, with a ``status`` while the variant is not yet in service."""
    shown = {
        "VariantName": variant["VariantName"],
        "DeployedImages": [_deployed(container) | {"ResolutionTime": now} for container in variant["Containers"]],
        "CurrentWeight": variant["Weight"],
        "DesiredWeight": variant["Weight"],
        "CurrentInstanceCount": 0 if status else variant["InstanceCount"],
        **({"VariantStatus": [{"Status": status, "StartTime": now}]} if status else {}),
    }
    if "Serverless" in variant:
        return shown | {"CurrentServerlessConfig": variant["Serverless"], "DesiredServerlessConfig": variant["Serverless"]}
    scaling = {"ManagedInstanceScaling": variant["Scaling"]} if "Scaling" in variant else {}
    return shown | {"DesiredInstanceCount": variant["InstanceCount"]} | scaling


def capture_summary(config: dict, creating: bool) -> dict | None:
    """The ``DataCaptureConfigSummary`` of a configuration; None if it has no ``DataCaptureConfig``."""
    if "DataCaptureConfig" not in config:
        return None
    capture = config["DataCaptureConfig"]
    enabled = capture.get("EnableCapture", True)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled and not creating else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def _deployed(container: dict) -> dict:
    resolved = {"ResolvedImage": container["ResolvedImage"]} if "ResolvedImage" in container else {}
    return {"SpecifiedImage": container["Image"]} | resolved
