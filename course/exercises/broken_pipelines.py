"""m10_2: pipelines of which each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import copy
import random
from typing import Any

PIPELINES = ("pipeline-1", "pipeline-2", "pipeline-3")
BASE = "/opt/ml/processing"
# What a fault changes: a path, as `repaired` takes it, and the wrong value.
FAULTS: dict[str, dict[str, object]] = {
    "argument": {"Parameters.Window.DefaultValue": "month"},
    "content": {"Steps.Train.Arguments.InputDataConfig.train.ContentType": "text/libsvm"},
    "folder": {"Steps.Evaluate.Arguments.ProcessingInputs.model.S3Input.LocalPath": f"{BASE}/models"},
    "instances": {"Steps.Train.Arguments.ResourceConfig.InstanceCount": 30},
    "month": {"Parameters.Month.DefaultValue": "13"},
    "operator": {"Steps.Good.Arguments.Conditions.0.Type": "LessThanOrEqualTo"},
    "output": {"Steps.Prepare.Arguments.ProcessingOutputConfig.Outputs.test.S3Output.LocalPath": f"{BASE}/tests"},
    "path": {"Steps.Good.Arguments.Conditions.0.LeftValue.Std:JsonGet.Path": "new.AUC"},
    "property": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "report.json"},
    "role": {"Steps.Train.Arguments.RoleArn": "arn:aws:iam::123456789012:role/late-trainer"},
    "script": {"Steps.Prepare.Arguments.AppSpecification.ContainerEntrypoint.1": f"{BASE}/code/prepare_flights.py"},
}
# What shows a fault: the log of a job, the failure reason of the step at fault, or the failure of a later step.
KINDS = (("argument", "content", "folder", "month", "script"), ("instances", "path", "role"), ("operator", "output", "property"))
# The member that names an element of a list, e.g. of a list of steps or channels. A property file has the name of an output, too.
NAMES = ("Name", "ChannelName", "InputName", "PropertyFileName", "OutputName")


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each pipeline: one of each of `KINDS`."""
    faults = [rng.choice(kind) for kind in KINDS]
    rng.shuffle(faults)
    return dict(zip(PIPELINES, faults, strict=True))


def definitions(rng: random.Random, images: dict[str, str], role: str, folder: str) -> dict[str, dict]:
    """The definition of each pipeline.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    images : dict
        URIs of the images ``"sklearn"`` and ``"xgboost"``.
    role : str
        ARN of the jobs' role.
    folder : str
        URI without a slash at its end. Below it are the table ``year/flights.csv``, and the scripts in ``code/``.
    """
    return {name: with_fault(sound(rng, images, role, folder), fault) for name, fault in planted(rng).items()}


def sound(rng: random.Random, images: dict[str, str], role: str, folder: str) -> dict:
    """A definition that works. Much of it is drawn, so that a comparison of two definitions shows more than a fault."""
    prepare = _processing(role, images["sklearn"], f"{folder}/code/prepare.py", {"flights": f"{folder}/year"}, ["train", "test"], folder)
    prepare["AppSpecification"]["ContainerArguments"] = ["--month", _get("Parameters.Month"), "--window", _get("Parameters.Window")]
    test, model = (
        _get("Steps.Prepare.ProcessingOutputConfig.Outputs['test'].S3Output.S3Uri"),
        _get("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
    )
    evaluate = _processing(role, images["xgboost"], f"{folder}/code/evaluate.py", {"test": test, "model": model}, ["report"], folder)
    auc = {"Std:JsonGet": {"PropertyFile": _get("Steps.Evaluate.PropertyFiles.Evaluation"), "Path": "new.auc"}}
    good = {"Type": "GreaterThanOrEqualTo", "LeftValue": auc, "RightValue": rng.choice([0.5, 0.51, 0.52])}
    bad = {"Name": "Bad", "Type": "Fail", "Arguments": {"ErrorMessage": "The model is no better than chance."}}
    file = {"PropertyFileName": "Evaluation", "OutputName": "report", "FilePath": "evaluation.json"}
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "Month", "Type": "String", "DefaultValue": str(rng.randint(3, 8))},
            {"Name": "Window", "Type": "String", "DefaultValue": rng.choice(["all", "last"])},
        ],
        "Steps": [
            {"Name": "Prepare", "Type": "Processing", "Arguments": prepare},
            {"Name": "Train", "Type": "Training", "Arguments": _training(rng, role, images["xgboost"], folder)},
            {"Name": "Evaluate", "Type": "Processing", "Arguments": evaluate, "PropertyFiles": [file]},
            {"Name": "Good", "Type": "Condition", "Arguments": {"Conditions": [good], "IfSteps": [], "ElseSteps": [bad]}},
        ],
    }


def _get(path: str) -> dict:
    return {"Get": path}


def _processing(role: str, image: str, code: str, inputs: dict[str, object], outputs: list[str], folder: str) -> dict:
    return {
        "RoleArn": role,
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 20}},
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": ["python3", f"{BASE}/code/{code.rpartition('/')[2]}"]},
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {"S3Uri": uri, "LocalPath": f"{BASE}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"},
            }
            for name, uri in (inputs | {"code": code}).items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": name,
                    "S3Output": {
                        "S3Uri": {"Std:Join": {"On": "/", "Values": [folder, _get("Execution.PipelineExecutionId"), name]}},
                        "LocalPath": f"{BASE}/{name}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for name in outputs
            ]
        },
    }


def _training(rng: random.Random, role: str, image: str, folder: str) -> dict:
    rows = _get("Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")
    return {
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "HyperParameters": {
            "objective": "binary:logistic",
            "num_round": str(rng.randint(8, 14)),
            "eta": rng.choice(["0.1", "0.2", "0.3"]),
            "max_depth": str(rng.randint(3, 6)),
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": rng.choice(["text/csv", "csv"]),
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": rows}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"{folder}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": rng.choice([5, 10, 20])},
        "StoppingCondition": {"MaxRuntimeInSeconds": rng.choice([600, 900, 1800])},
    }


def with_fault(definition: dict, fault: str) -> dict:
    """A copy of a sound definition with one of `FAULTS`."""
    return repaired(definition, FAULTS[fault])


def repaired(definition: dict, change: dict[str, Any]) -> dict:
    """A copy of a definition with other values at some paths.

    A path names members with dots between them. An element of a list is named by its own name, e.g. ``Steps.Train`` or
    ``InputDataConfig.train``, or by its place, from 0, if it has none.

    Raises
    ------
    KeyError
        If there is no such path; the message is the part of it that was not found.
    """
    definition = copy.deepcopy(definition)
    for path, value in change.items():
        *way, last = path.split(".")
        place: Any = definition
        for word in way:
            place = place[_key(place, word)]
        place[_key(place, last)] = value
    return definition


def _key(place: Any, word: str) -> Any:
    """The key or the index in a dictionary or a list that a word of a path means."""
    if isinstance(place, dict) and word in place:
        return word
    if isinstance(place, list):
        words = [_word(index, each) for index, each in enumerate(place)]
        if word in words:
            return words.index(word)
    raise KeyError(word)


def _word(index: int, element: Any) -> str:
    """The word of a path that means an element of a list."""
    names = [element[name] for name in NAMES if name in element] if isinstance(element, dict) else []
    return str(names[0] if names else index)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """All text, numbers and other single values in a definition, by their paths."""
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list):
        inner = {_word(index, each): each for index, each in enumerate(value)}
    else:
        return {path: value}
    return {at: leaf for word, each in inner.items() for at, leaf in leaves(each, f"{path}.{word}" if path else word).items()}
