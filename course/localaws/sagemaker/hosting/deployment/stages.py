"""What DescribeEndpoint shows during an update: the stage of each variant, and its number of instances."""

from __future__ import annotations


def deploying(document: dict, stage: dict, new: dict[str, int], old: dict[str, int]) -> dict:
    """The changes of an endpoint's document when its deployment reaches a stage.

    Parameters
    ----------
    document : dict
    stage : dict
        ``Status``, ``StatusMessage``, ``StartTime``.
    new, old : dict
        Instances of the variants of the new and of the old fleet, by name. Other variants keep their number.
    """
    pending = document["PendingDeploymentSummary"]
    arriving = [_counted(variant, new) | {"VariantStatus": [stage]} for variant in pending["ProductionVariants"]]
    return {
        "PendingDeploymentSummary": pending | {"ProductionVariants": arriving},
        "ProductionVariants": [_counted(variant, old) for variant in document["ProductionVariants"]],
    }


def resizing(summaries: list[dict], variants: list[dict], moment: float) -> list[dict]:
    """The summaries of an endpoint's variants while their capacities change to those of ``variants``."""
    wanted = {variant["VariantName"]: variant for variant in variants}
    return [_resizing(summary, wanted[summary["VariantName"]], moment) for summary in summaries]


def _resizing(summary: dict, variant: dict, moment: float) -> dict:
    changed = summary | {"DesiredWeight": variant["Weight"]}
    if "DesiredInstanceCount" not in summary:
        return changed
    before, after = summary["CurrentInstanceCount"], variant["InstanceCount"]
    changed["DesiredInstanceCount"] = after
    if before == after:
        return changed
    message = f"Scaling {'out' if after > before else 'in'} desired instance count to {after}."
    return changed | {"VariantStatus": [{"Status": "Updating", "StatusMessage": message, "StartTime": moment}]}


def _counted(variant: dict, counts: dict[str, int]) -> dict:
    count = counts.get(variant["VariantName"])
    return variant if count is None or "CurrentInstanceCount" not in variant else variant | {"CurrentInstanceCount": count}
