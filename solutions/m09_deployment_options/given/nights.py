"""Five nights whose results are wrong or missing: sound requests, each with one fault."""

import copy
import random

LOUD = ("columns", "gzip", "header", "payload")  # faults that end a transform job
SILENT = ("assemble", "join", "output", "prefix", "shift")  # faults with which a transform job ends well
QUEUED = ("key", "type")  # faults of a request to the asynchronous endpoint


def planted(rng: random.Random) -> list[str]:
    """Two loud faults, two silent ones and one of the queue, in the order of the nights."""
    return rng.sample([*rng.sample(LOUD, 2), *rng.sample(SILENT, 2), rng.choice(QUEUED)], 5)


def with_fault(request: dict, fault: str, folder: str) -> dict:
    """A copy of a sound request with one fault.

    Parameters
    ----------
    request : dict
        Of a transform job that reads ``{folder}/day/``; for a fault of `QUEUED`, of ``invoke_endpoint_async`` that reads below ``{folder}/question/``.
    fault : str
    folder : str
        URI under which the lesson's files lie, without a slash at its end.
    """
    request = copy.deepcopy(request)
    if fault == "key":
        request["InputLocation"] = f"{folder}/questions/part-0.csv"
    elif fault == "type":
        request["ContentType"] = "application/json"
    else:
        _fault_of_job(request, fault, folder)
    return request


def _fault_of_job(request: dict, fault: str, folder: str) -> None:
    source, processing = request["TransformInput"]["DataSource"]["S3DataSource"], request["DataProcessing"]
    if fault == "columns":
        processing["InputFilter"] = "$"
    elif fault == "gzip":
        source["S3Uri"] = f"{folder}/packed/"
    elif fault == "header":
        source["S3Uri"] = f"{folder}/export/"
    elif fault == "payload":
        request["TransformInput"]["SplitType"] = "None"
    elif fault == "assemble":
        request["TransformOutput"]["AssembleWith"] = "None"
    elif fault == "join":
        processing["JoinSource"] = "None"
    elif fault == "output":
        processing["OutputFilter"] = "$[0,1]"
    elif fault == "prefix":
        source["S3Uri"] = f"{folder}/day"
    elif fault == "shift":
        processing["InputFilter"] = "$[2:]"
