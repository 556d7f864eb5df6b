"""m09_1: five nights whose results are wrong or missing. Each request has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import copy
import gzip
import random
from typing import Any

LOUD = ("columns", "gzip", "header", "payload")  # faults that end a transform job
SILENT = ("assemble", "join", "output", "prefix", "shift")  # faults with which a transform job completes
QUEUED = ("key", "type")  # faults of a request to the asynchronous endpoint
FAULTS = (*LOUD, *SILENT, *QUEUED)
NIGHTS = tuple(f"night-{number}" for number in range(1, 6))


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each night: two of `LOUD`, two of `SILENT` and one of `QUEUED`."""
    return dict(zip(NIGHTS, rng.sample([*rng.sample(LOUD, 2), *rng.sample(SILENT, 2), rng.choice(QUEUED)], 5), strict=True))


def store_files(aws: Any, flights: Any) -> None:
    """Put the nights' files into the lesson's folder ``nights/``, in each of the forms that a fault reads.

    Parameters
    ----------
    aws : course.session.Session
    flights : pandas.DataFrame
        The id ``flight`` and the eight features.
    """
    rows = flights.assign(gate=[f"{'ABC'[number % 3]}{number % 30 + 1}" for number in range(len(flights))])
    rows = rows[["flight", "gate", *flights.columns.drop("flight")]]
    late_added = rows.tail(200)
    for number, part in enumerate((rows, late_added.assign(flight=_ids("late-added", late_added)))):
        aws.upload(part, f"nights/day/part-{number}.csv")
        aws.upload(part, f"nights/export/part-{number}.csv", header=True)
        packed = gzip.compress(part.to_csv(index=False, header=False).encode(), compresslevel=1)
        key = f"{aws.prefix}/nights/packed/part-{number}.csv.gz"
        aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=packed)
    other = rows.head(300)
    aws.upload(other.assign(flight=_ids("before", other)), "nights/day-before/part-0.csv")
    aws.upload(rows.head(5).drop(columns=["flight", "gate"]), "nights/question/part-0.csv")


def _ids(word: str, rows: Any) -> list[str]:
    return [f"{word}-{number}" for number in range(len(rows))]


def requests(rng: random.Random, model: str, endpoint: str, folder: str, target: str) -> dict[str, dict]:
    """The request of each night: for ``create_transform_job`` without the name, or for ``invoke_endpoint_async``.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    model, endpoint : str
        Names of the model and of an asynchronous endpoint of the same model.
    folder : str
        URI under which the nights' files lie, without a slash at its end. A row is an id, a gate and the eight features.
    target : str
        URI under which each night stores its results, in a folder of its own.
    """
    made = {}
    for night, fault in planted(rng).items():
        sound = question(rng, endpoint, folder) if fault in QUEUED else transform(rng, model, folder, f"{target}/{night}")
        made[night] = with_fault(sound, fault, folder, rng)
    return made


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
    """A copy of a request that works, with one of `FAULTS`."""
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
