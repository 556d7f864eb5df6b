# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each monitor of m12_1_ex3 has, and the pool of their set-ups."""

from __future__ import annotations

import random

from course.exercises import broken_monitors, pools
from course.exercises.broken_monitors import repaired

EACH = 3  # set-ups of each fault
BASE = "/opt/ml/processing"
BASELINE, OUTPUT = "definition.DataQualityBaselineConfig", "definition.DataQualityJobOutputConfig.MonitoringOutputs.0.S3Output"
# What a fault changes: a path, as `repaired` takes it, and the wrong value.
FAULTS: dict[str, dict[str, object]] = {
    "bucket": {f"{OUTPUT}.S3Uri": "s3://late-flights-reports-of-last-year/reports"},
    "draft": {f"{BASELINE}.ConstraintsResource.S3Uri": "{folder}/baseline/draft.json"},
    "endpoint": {"definition.DataQualityJobInput.EndpointInput.EndpointName": "late-flights-v1"},
    "image": {"definition.DataQualityAppSpecification.ImageUri": "{merger}"},
    "instances": {"definition.JobResources.ClusterConfig.InstanceCount": 8},
    "labelled": {f"{BASELINE}.ConstraintsResource.S3Uri": "{folder}/labelled/constraints.json"},
    "metrics": {"definition.DataQualityAppSpecification.Environment.publish_cloudwatch_metrics": "Disabled"},
    "missing": {f"{BASELINE}.ConstraintsResource.S3Uri": "{folder}/baseline/constraint.json"},
    "statistics": {f"{BASELINE}.StatisticsResource.S3Uri": "{folder}/baseline/constraints.json"},
    "table": {f"{BASELINE}.ConstraintsResource.S3Uri": "{folder}/baseline/flights.csv"},
    "window": {"schedule.DataAnalysisEndTime": "-PT2H"},
}
# In the order of the pool. The job fails; the execution has no job; it completes, and does not do its work.
KINDS = (("bucket", "image", "missing", "table"), ("endpoint", "instances", "window"), ("draft", "labelled", "metrics", "statistics"))


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each monitor: one of each of `KINDS`."""
    picked = pools.picked(rng, broken_monitors.POOL, broken_monitors.TAKES)
    return {name: KINDS[number][group] for name, (number, group) in zip(broken_monitors.MONITORS, picked, strict=True)}


def stored() -> dict[str, list]:
    rng = random.Random("m12_1 broken monitors")
    sets = [[[with_fault(sound(rng), fault) for _ in range(EACH)] for fault in kind] for kind in KINDS]
    return {"course/exercises/broken_monitors.json": sets}


def sound(rng: random.Random) -> dict:
    """A set-up that works. Much of it is drawn, so that a comparison of two set-ups shows more than a fault."""
    resources = {name: {"S3Uri": f"{{folder}}/baseline/{name.lower()}.json"} for name in ("Constraints", "Statistics")}
    return {
        "definition": {
            "DataQualityAppSpecification": {"ImageUri": "{image}", "Environment": {"publish_cloudwatch_metrics": "Enabled"}},
            "DataQualityBaselineConfig": {f"{name}Resource": place for name, place in resources.items()},
            "DataQualityJobInput": {
                "EndpointInput": {
                    "EndpointName": "{endpoint}",
                    "LocalPath": rng.choice([f"{BASE}/input/endpoint", f"{BASE}/input/captured", f"{BASE}/captured"]),
                    "S3InputMode": "File",
                    "S3DataDistributionType": "FullyReplicated",
                }
            },
            "DataQualityJobOutputConfig": {
                "MonitoringOutputs": [
                    {
                        "S3Output": {
                            "S3Uri": "{folder}/reports",
                            "LocalPath": rng.choice([f"{BASE}/output", f"{BASE}/reports"]),
                            "S3UploadMode": rng.choice(["EndOfJob", "Continuous"]),
                        }
                    }
                ]
            },
            "JobResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": rng.choice(["ml.m5.large", "ml.m5.xlarge"]),
                    "VolumeSizeInGB": rng.choice([5, 10, 20]),
                }
            },
            "RoleArn": "{role}",
            "StoppingCondition": {"MaxRuntimeInSeconds": rng.choice([1200, 1800, 3000])},
        },
        "schedule": {
            "ScheduleExpression": "NOW",
            "DataAnalysisStartTime": rng.choice(["-PT3H", "-PT4H", "-PT5H"]),
            "DataAnalysisEndTime": "-PT0S",
        },
    }


def with_fault(setup: dict, fault: str) -> dict:
    """A copy of a sound set-up with one of `FAULTS`."""
    return repaired(setup, FAULTS[fault])
