"""m04_2: five requests of training jobs that fail. Each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import copy
import random

FAULTS = ("channel", "columns", "format", "header", "labels", "objective", "prefix", "range")
TICKETS = tuple(f"ticket-{number}" for number in range(1, 6))
TRAIN, VALIDATION = 0, 1  # places in InputDataConfig


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each ticket."""
    return dict(zip(TICKETS, rng.sample(FAULTS, len(TICKETS)), strict=True))


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
    return {ticket: with_fault(sound(rng, image, role, folder), fault) for ticket, fault in planted(rng).items()}


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


def with_fault(request: dict, fault: str) -> dict:
    """A copy of a sound request with one of `FAULTS`."""
    request = copy.deepcopy(request)
    channels = request["InputDataConfig"]
    train, validation = (channels[place]["DataSource"]["S3DataSource"] for place in (TRAIN, VALIDATION))
    if fault == "channel":
        channels[TRAIN]["ChannelName"] = "training"
    elif fault == "columns":
        validation["S3Uri"] = validation["S3Uri"].replace("/validation/", "/validation-month/")
    elif fault == "format":
        channels[TRAIN]["ContentType"] = "text/libsvm"
    elif fault == "header":
        train["S3Uri"] = train["S3Uri"].replace("/train/", "/export/")
    elif fault == "labels":
        train["S3Uri"] = train["S3Uri"].replace("/train/", "/miles/")
    elif fault == "objective":
        request["HyperParameters"]["objective"] = "reg:squarederror"
    elif fault == "prefix":
        train["S3Uri"] = train["S3Uri"].rpartition("/")[0]
    elif fault == "range":
        request["HyperParameters"]["eta"] = "20"
    return request
