"""m09_1: five nights whose results are wrong or missing. Each request has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import gzip
import random
from typing import Any

from course.exercises import pools

LOUD = ("columns", "gzip", "header", "payload")  # faults that end a transform job
SILENT = ("assemble", "join", "output", "prefix", "shift")  # faults with which a transform job completes
QUEUED = ("key", "type")  # faults of a request to the asynchronous endpoint
FAULTS = (*LOUD, *SILENT, *QUEUED)
NIGHTS = tuple(f"night-{number}" for number in range(1, 6))
POOL, TAKES = "bad_nights", (2, 2, 1)  # of `LOUD`, of `SILENT` and of `QUEUED`


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
    words, drawn = {"model": model, "endpoint": endpoint, "folder": folder}, pools.drawn(rng, POOL, TAKES)
    return {night: pools.filled(request, words | {"target": f"{target}/{night}"}) for night, request in zip(NIGHTS, drawn, strict=True)}
