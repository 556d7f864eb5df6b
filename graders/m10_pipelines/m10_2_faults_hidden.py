# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each pipeline of m10_2_ex4 has, and the pool of their definitions."""

from __future__ import annotations

import random

from course.exercises import broken_pipelines, pools
from course.exercises.broken_pipelines import repaired

EACH = 3  # definitions of each fault
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
# In the order of the pool. What shows a fault: the log of a job, the failure reason of the step at fault, or the failure of a later step.
KINDS = (("argument", "content", "folder", "month", "script"), ("instances", "path", "role"), ("operator", "output", "property"))


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each pipeline: one of each of `KINDS`."""
    picked = pools.picked(rng, broken_pipelines.POOL, broken_pipelines.TAKES)
    return {name: KINDS[number][group] for name, (number, group) in zip(broken_pipelines.PIPELINES, picked, strict=True)}


def stored() -> dict[str, list]:
    rng, images = random.Random("m10_2 broken pipelines"), {"sklearn": "{sklearn}", "xgboost": "{xgboost}"}
    sets = [[[with_fault(sound(rng, images, "{role}", "{folder}"), fault) for _ in range(EACH)] for fault in kind] for kind in KINDS]
    return {"course/exercises/broken_pipelines.json": sets}


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
