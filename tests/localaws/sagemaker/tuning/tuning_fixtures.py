"""Helpers to run tuning jobs on a local AWS through boto3."""

from __future__ import annotations

import json

from tests.localaws.sagemaker.job_fixtures import BUCKET, ENDED, ROLE, SKLEARN, JobFixtures, targz

# Best for x = 3. It accepts no other hyperparameter, so it fails if it gets one that is not meant for a script. A name of one letter is
# passed as "-x".
TOY = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("-x", type=float, default=3.0)
parser.add_argument("--kind", default="plain")
given = parser.parse_args()
print(f"loss={(given.x - 3) ** 2 + (given.kind == 'bad')}", flush=True)
"""
# Prints the loss of its kind in --losses for many epochs.
EPOCHS = """
import argparse, json, time
parser = argparse.ArgumentParser()
parser.add_argument("--kind"), parser.add_argument("--losses", type=json.loads), parser.add_argument("--epochs", type=json.loads)
given = parser.parse_args()
for epoch in range(given.epochs[given.kind]):
    print(f"loss={given.losses[given.kind]}", flush=True)
    time.sleep(0.1)
"""
METRICS = [{"Name": "loss", "Regex": "loss=([-0-9.e]+)"}]


def epochs(**jobs: tuple[float, int]) -> dict[str, str]:
    """Hyperparameters for `EPOCHS`: the loss of each kind, and the number of epochs."""
    losses, counts = ({kind: pair[place] for kind, pair in jobs.items()} for place in (0, 1))
    return {"losses": json.dumps(json.dumps(losses)), "epochs": json.dumps(json.dumps(counts))}


def kinds(*values: str) -> dict:
    """Ranges of a grid search over the hyperparameter ``kind``."""
    return {"CategoricalParameterRanges": [categorical("kind", *values)]}


def continuous(name: str = "x", low: object = 0, high: object = 10, scaling: str = "Linear") -> dict:
    return {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scaling}


def categorical(name: str, *values: str) -> dict:
    return {"Name": name, "Values": list(values)}


class TuningFixtures:
    """Helpers for tuning jobs on one local AWS."""

    def __init__(self, aws: JobFixtures) -> None:
        self.aws, self.client = aws, aws.sagemaker

    def definition(self, code: str = TOY, static: dict[str, str] | None = None, **changes: object) -> dict:
        """A training job definition in script mode; ``changes`` replace members, ``metrics`` are metric definitions."""
        source = self.aws.put(f"code/{self.aws.name('tuned')}/sourcedir.tar.gz", targz({"train.py": code}))
        script = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
        definition = {
            "StaticHyperParameters": script | (static or {}),
            "AlgorithmSpecification": {
                "TrainingImage": SKLEARN,
                "TrainingInputMode": "File",
                "MetricDefinitions": changes.pop("metrics", METRICS),
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/tuned"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
        }
        return definition | changes

    def request(self, jobs: int | None = 3, parallel: int = 2, **changes: object) -> dict:
        """A request for a random search over x; ``changes`` replace members of the configuration, ``request`` those of the request."""
        whole = changes.pop("request", {})
        limits = {"MaxParallelTrainingJobs": parallel} | ({"MaxNumberOfTrainingJobs": jobs} if jobs else {})
        config = {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": limits | changes.pop("limits", {}),
            "ParameterRanges": {"ContinuousParameterRanges": [continuous()]},
            "RandomSeed": 7,
        }
        request = {"HyperParameterTuningJobName": self.aws.name("tune"), "HyperParameterTuningJobConfig": config | changes}
        if "TrainingJobDefinition" not in whole and "TrainingJobDefinitions" not in whole:
            request["TrainingJobDefinition"] = self.definition()
        return request | whole

    def start(self, *arguments: object, **changes: object) -> str:
        """Create a tuning job; returns its name."""
        request = self.request(*arguments, **changes)
        self.client.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def describe(self, name: str) -> dict:
        return self.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def ended(self, name: str) -> dict:
        """The description of a tuning job, once it has ended."""
        return self.aws.until(lambda: self.describe(name), lambda job: job["HyperParameterTuningJobStatus"] in ENDED)

    def run(self, *arguments: object, **changes: object) -> tuple[dict, list[dict]]:
        """Run a tuning job to its end; returns its description, and the summaries of its training jobs by name."""
        job = self.ended(self.start(*arguments, **changes))
        return job, self.trials(job["HyperParameterTuningJobName"])

    def trials(self, name: str, **asked: object) -> list[dict]:
        pages = self.client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        found = pages.paginate(HyperParameterTuningJobName=name, **asked)
        return [summary for page in found for summary in page["TrainingJobSummaries"]]


def objective(summary: dict) -> float:
    return summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
