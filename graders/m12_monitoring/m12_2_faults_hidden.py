# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each monitor of m12_2_ex2 has, and the pool of their definitions."""

from __future__ import annotations

import random
from typing import Any

from course.exercises import broken_quality, pools
from course.exercises.broken_quality import repaired

EACH = 3  # definitions of each fault
SOURCE, APPLICATION = "ModelQualityJobInput.EndpointInput", "ModelQualityAppSpecification"
LABELS, BASELINE = "ModelQualityJobInput.GroundTruthS3Input.S3Uri", "ModelQualityBaselineConfig.ConstraintsResource.S3Uri"
# What a fault changes: a path, as `repaired` takes it, and the wrong value.
FAULTS: dict[str, dict[str, object]] = {
    "labels": {LABELS: "{folder}/truth"},
    "identity": {LABELS: "{folder}/labels-by-flight"},
    "endpoint": {f"{SOURCE}.EndpointName": "{endpoint}-old"},
    "column": {f"{SOURCE}.ProbabilityAttribute": "1"},
    "problem": {f"{APPLICATION}.ProblemType": "Regression"},
    "baseline": {BASELINE: "{folder}/baseline/constraint.json"},
    "instances": {"JobResources.ClusterConfig.InstanceCount": 8},
    "percent": {f"{SOURCE}.ProbabilityThresholdAttribute": 20},
    "silent": {f"{APPLICATION}.Environment.publish_cloudwatch_metrics": "Disabled"},
}
# In the order of the pool: faults at which the labels are not merged, at which the analysis fails, and with which it completes.
KINDS = (("labels", "identity", "endpoint"), ("column", "problem", "baseline", "instances"), ("percent", "silent"))
# By fault: words of the texts that say what was wrong.
SIGNS: dict[str, tuple[str, ...]] = {
    "labels": ("no ground truth labels",),
    "identity": ("has a ground truth label",),
    "endpoint": ("no data",),
    "column": ("probability_attribute is", "probability_attribute=1"),
    "problem": ("inference_attribute is missing", "problem_type=Regression"),
    "baseline": ("constraint.json",),
    "instances": ("service limit", "ResourceLimitExceeded"),
    "percent": ("recall with 0.0", "true_positive_rate with 0.0", "false_negative_rate with 1.0", "probability_threshold_attribute=20"),
    "silent": ("publish_cloudwatch_metrics=Disabled",),
}


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each monitor: one of each of `KINDS`."""
    picked = pools.picked(rng, broken_quality.POOL, broken_quality.TAKES)
    return {name: KINDS[number][group] for name, (number, group) in zip(broken_quality.MONITORS, picked, strict=True)}


def stored() -> dict[str, list]:
    rng = random.Random("m12_2 broken monitors")
    sets = [[[with_fault(sound(rng), fault) for _ in range(EACH)] for fault in kind] for kind in KINDS]
    return {"course/exercises/broken_quality.json": sets}


def sound(rng: random.Random) -> dict[str, Any]:
    """A definition that works, with words for `broken_quality.definitions`. Some settings are drawn, and do no harm."""
    reports = {"S3Uri": "{folder}/reports", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    return {
        "ModelQualityAppSpecification": {
            "ImageUri": "{image}",
            "ProblemType": "BinaryClassification",
            "Environment": {"publish_cloudwatch_metrics": "Enabled"},
        },
        "ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": "{folder}/baseline/constraints.json"}},
        "ModelQualityJobInput": {
            "EndpointInput": {
                "EndpointName": "{endpoint}",
                "LocalPath": rng.choice(["/opt/ml/processing/input/endpoint", "/opt/ml/processing/input/captured"]),
                "ProbabilityAttribute": "0",
                "ProbabilityThresholdAttribute": rng.choice([0.17, 0.2]),
            },
            "GroundTruthS3Input": {"S3Uri": "{folder}/labels"},
        },
        "ModelQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": reports}]},
        "JobResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": rng.choice(["ml.m5.large", "ml.m5.xlarge"]),
                "VolumeSizeInGB": rng.choice([5, 10, 20]),
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": rng.choice([900, 1800, 3600])},
        "RoleArn": "{role}",
    }


def with_fault(definition: dict[str, Any], fault: str) -> dict[str, Any]:
    """A copy of a sound definition with one of `FAULTS`."""
    return repaired(definition, FAULTS[fault])
