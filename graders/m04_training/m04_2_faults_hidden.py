# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each failed job of m04_2_ex1 has, and the pool of their requests."""

from __future__ import annotations

import copy
import random

from course.exercises import failed_jobs, pools

GROUPS = ("header", "range", "columns", "prefix", "channel", "labels", "format", "objective")  # in the order of the pool
EACH = 4  # requests of each fault
TRAIN, VALIDATION = 0, 1  # places in InputDataConfig


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each ticket."""
    picked = pools.picked(rng, failed_jobs.POOL, failed_jobs.TAKES)
    return {ticket: GROUPS[group] for ticket, (_, group) in zip(failed_jobs.TICKETS, picked, strict=True)}


def with_fault(request: dict, fault: str) -> dict:
    """A copy of a sound request with one of the faults."""
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


def stored() -> dict[str, list]:
    rng = random.Random("m04_2 failed jobs")
    sound = [[failed_jobs.sound(rng, "{image}", "{role}", "{place}/{name}") for _ in range(EACH)] for _ in GROUPS]
    groups = [[with_fault(request, fault) for request in some] for fault, some in zip(GROUPS, sound, strict=True)]
    return {"course/exercises/failed_jobs.json": [groups]}
