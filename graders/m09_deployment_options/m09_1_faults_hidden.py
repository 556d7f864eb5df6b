# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each night of m09_1_ex4 has, and the pool of their requests."""

from __future__ import annotations

import copy
import random

from course.exercises import bad_nights, pools
from course.exercises.bad_nights import QUEUED

# In the order of the pool: faults that end a transform job, faults with which it completes, faults of a question to the endpoint.
GROUPS = (("header", "columns", "payload", "gzip"), ("shift", "prefix", "join", "output", "assemble"), ("type", "key"))
EACH = 4  # requests of each fault
FOLDER = "{folder}"


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each night."""
    picked = pools.picked(rng, bad_nights.POOL, bad_nights.TAKES)
    return {night: GROUPS[number][group] for night, (number, group) in zip(bad_nights.NIGHTS, picked, strict=True)}


def faulty(fault: str, rng: random.Random) -> dict:
    """A request with a fault, with words in braces for what only the notebook knows."""
    sound = question(rng, "{endpoint}", FOLDER) if fault in QUEUED else transform(rng, "{model}", FOLDER, "{target}")
    return with_fault(sound, fault, FOLDER, rng)


def stored() -> dict[str, list]:
    rng = random.Random("m09_1 bad nights")
    sets = [[[faulty(fault, rng) for _ in range(EACH)] for fault in faults] for faults in GROUPS]
    return {"course/exercises/bad_nights.json": sets}


def transform(rng: random.Random, model: str, folder: str, target: str) -> dict:
    """A transform request that works. Much of it is drawn, so that a comparison of two requests shows more than a fault."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/day/{rng.choice(['', 'part-'])}"}
    return {
        "ModelName": model,
        "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": target, "Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "BatchStrategy": "MultiRecord",
        "MaxConcurrentTransforms": rng.randint(1, 4),
        "MaxPayloadInMB": 1,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": rng.choice([300, 600, 900]), "InvocationsMaxRetries": rng.randint(1, 3)},
        "DataProcessing": {
            "InputFilter": rng.choice(["$[2:]", "$[2:9]", "$[2,3:9]"]),
            "JoinSource": "Input",
            "OutputFilter": rng.choice(["$[0,-1]", "$[0,10]"]),
        },
    }


def question(rng: random.Random, endpoint: str, folder: str) -> dict:
    """A request to the asynchronous endpoint that works."""
    return {
        "EndpointName": endpoint,
        "InputLocation": f"{folder}/question/part-0.csv",
        "ContentType": "text/csv",
        "InvocationTimeoutSeconds": rng.choice([300, 600, 900]),
        "RequestTTLSeconds": rng.choice([3600, 7200, 21600]),
    }


def with_fault(request: dict, fault: str, folder: str, rng: random.Random) -> dict:
    """A copy of a request that works, with one of the faults."""
    request = copy.deepcopy(request)
    if fault == "key":
        request["InputLocation"] = rng.choice([f"{folder}/questions/part-0.csv", f"{folder}/question/part-1.csv"])
    elif fault == "type":
        request["ContentType"] = "application/json"
    else:
        _spoil(request, fault, folder, rng)
    return request


def _spoil(request: dict, fault: str, folder: str, rng: random.Random) -> None:
    source, processing = request["TransformInput"]["DataSource"]["S3DataSource"], request["DataProcessing"]
    if fault == "columns":
        processing["InputFilter"] = rng.choice(["$", "$[0,2:9]"])
    elif fault == "shift":
        processing["InputFilter"] = rng.choice(["$[3:]", "$[3:9]"])
    elif fault == "output":
        processing["OutputFilter"] = f"$[0,{rng.randint(2, 4)}]"  # weekday, hour, origin
    elif fault == "join":
        processing |= {"JoinSource": "None", "OutputFilter": "$[0,-1]"}  # an answer has a first column and a last, but no eleventh
    elif fault == "assemble":
        request["TransformOutput"]["AssembleWith"] = "None"
    elif fault == "payload":
        request["TransformInput"]["SplitType"] = "None"
    else:
        source["S3Uri"] = {"gzip": f"{folder}/packed/", "header": f"{folder}/export/", "prefix": f"{folder}/day"}[fault]
