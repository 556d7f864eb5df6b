"""m04_2: five requests of training jobs that fail. Each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import random

from course.exercises import pools

FAULTS = ("channel", "columns", "format", "header", "labels", "objective", "prefix", "range")
TICKETS = tuple(f"ticket-{number}" for number in range(1, 6))
POOL, TAKES = "failed_jobs", (len(TICKETS),)


def requests(rng: random.Random, image: str, role: str, folder: str) -> dict[str, dict]:
    """The request of each ticket, ready for ``create_training_job`` but for the name.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    image : str
        URI of the XGBoost image.
    role : str
        ARN of the jobs' role.
    folder : str
        URI under which the lesson's data lie, without a slash at its end.
    """
    words = {"image": image, "role": role, "place": folder.rpartition("/")[0], "name": folder.rpartition("/")[2]}
    drawn = pools.drawn(rng, POOL, TAKES)
    return {ticket: pools.filled(request, words) for ticket, request in zip(TICKETS, drawn, strict=True)}


def sound(rng: random.Random, image: str, role: str, folder: str) -> dict:
    """A request that works. Much of it is drawn, so that a comparison of two requests shows more than a fault."""
    form, file = rng.choice(["text/csv", "csv"]), rng.choice(["", "part-0.csv"])
    sources = {name: {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/{name}/{file}"} for name in ("train", "validation")}
    return {
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "HyperParameters": {
            "objective": "binary:logistic",
            "eval_metric": rng.choice(["auc", "error,auc"]),
            "num_round": str(rng.randint(8, 14)),
            "eta": rng.choice(["0.1", "0.2", "0.3"]),
            "max_depth": str(rng.randint(3, 6)),
            "subsample": rng.choice(["0.8", "0.9", "1"]),
        },
        "InputDataConfig": [
            {"ChannelName": name, "ContentType": form, "DataSource": {"S3DataSource": source}} for name, source in sources.items()
        ],
        "OutputDataConfig": {"S3OutputPath": f"{folder.rpartition('/')[0]}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": rng.choice([5, 10, 20])},
        "StoppingCondition": {"MaxRuntimeInSeconds": rng.choice([600, 900, 1800])},
    }
