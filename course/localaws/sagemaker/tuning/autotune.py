"""Autotune: chooses ranges for hyperparameters with only an example value, and the settings that a request omits.

A stand-in, because AWS does not publish its method. The same settings are chosen as on AWS (`autotune.yaml` names the documents) and shown
in the description of the tuning job, but the chosen values are ours. The request must name the strategy.
"""

from __future__ import annotations

from pathlib import Path

from course.localaws import images
from course.localaws.core.data_files import table
from course.localaws.core.errors import invalid
from course.localaws.images import catalogue
from course.localaws.sagemaker.tuning.strategies.space import automatic


def applied(params: dict) -> dict:
    """The request with Autotune's choices; the unchanged request if Autotune is off.

    Raises
    ------
    AwsError
        ``ValidationException`` for ``AutoParameters`` without Autotune.
    """
    config = params["HyperParameterTuningJobConfig"]
    if "Autotune" not in params:
        given = [config.get("ParameterRanges", {}), *(each.get("HyperParameterRanges", {}) for each in _definitions(params))]
        if any(ranges.get("AutoParameters") for ranges in given):
            raise invalid("AutoParameters need Autotune with Mode Enabled.")
        return params
    limits = {"MaxNumberOfTrainingJobs": _data()["training_jobs"]} if config["Strategy"] != "Grid" else {}
    criteria = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}} | config.get("TuningJobCompletionCriteria", {})
    early_stopping = {} if config["Strategy"] == "Hyperband" else {"TrainingJobEarlyStoppingType": "Auto"}
    config = early_stopping | config | {"ResourceLimits": limits | config["ResourceLimits"], "TuningJobCompletionCriteria": criteria}
    if "TrainingJobDefinitions" in params:
        definitions = []
        for each in params["TrainingJobDefinitions"]:
            ranges, static = _chosen(each, each.get("HyperParameterRanges", {}))
            definitions.append(each | {"HyperParameterRanges": ranges, "StaticHyperParameters": static})
        return params | {"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": definitions}
    for definition in _definitions(params):
        ranges, static = _chosen(definition, config.get("ParameterRanges", {}))
        config = config | {"ParameterRanges": ranges}
        params = params | {"TrainingJobDefinition": definition | {"StaticHyperParameters": static}}
    return params | {"HyperParameterTuningJobConfig": config}


def _definitions(params: dict) -> list[dict]:
    return params.get("TrainingJobDefinitions") or [params[member] for member in ("TrainingJobDefinition",) if member in params]


def _chosen(definition: dict, ranges: dict) -> tuple[dict, dict[str, str]]:
    """The ranges and the static hyperparameters: each hint becomes a range if possible, otherwise a static value."""
    algorithm = _algorithm(definition)
    known = catalogue.algorithm(algorithm).get("autotune") if algorithm else None
    found: dict[str, list[dict]] = {kind: list(ranges.get(kind, [])) for kind in ("IntegerParameterRanges", "ContinuousParameterRanges")}
    static = dict(definition.get("StaticHyperParameters", {}))
    for hint in ranges.get("AutoParameters", []):
        made = _range(hint["Name"], hint["ValueHint"], known)
        if made is None:
            static[hint["Name"]] = hint["ValueHint"]
        else:
            found[made[0]].append(made[1])
    return ranges | found, static


def _algorithm(definition: dict) -> str:
    uri = definition["AlgorithmSpecification"].get("TrainingImage")
    return images.find(uri).algorithm if uri and "sagemaker_program" not in definition.get("StaticHyperParameters", {}) else ""


def _range(name: str, hint: str, known: dict[str, dict] | None) -> tuple[str, dict] | None:
    """The member of ``ParameterRanges`` for a range, and the range; None if there is no range."""
    entry = _around(hint) if known is None else known.get(name)
    if entry is None:
        return None
    low, high = entry["low"], entry["high"]
    integer = entry["type"] == "integer"
    scaling = automatic(low, high, integer)
    made = {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scaling}
    return ("IntegerParameterRanges" if integer else "ContinuousParameterRanges"), made


def _around(hint: str) -> dict | None:
    least, most = _data()["hints"]["least"], _data()["hints"]["most"]
    text = hint.strip('"')
    try:
        value = int(text)
    except ValueError:
        pass
    else:
        return {"type": "integer", "low": max(1, int(value * least)), "high": value * most} if value > 0 else None
    try:
        number = float(text)
    except ValueError:
        return None
    return {"type": "continuous", "low": number * least, "high": number * most} if 0 < number < float("inf") else None


def _data() -> dict:
    return table(Path(__file__).with_name("autotune.yaml"))
