"""Five requests that came back with a failed job: a sound request, each with one fault out of eight."""

import copy
import random

TRAIN, VALIDATION = 0, 1  # places in InputDataConfig
FAULTS = ("channel", "columns", "format", "header", "labels", "objective", "prefix", "range")


def planted(rng: random.Random) -> list[str]:
    """Five of `FAULTS`, in the order of the tickets."""
    return rng.sample(FAULTS, 5)


def with_fault(request: dict, fault: str, folder: str) -> dict:
    """A copy of a sound request with one fault.

    Parameters
    ----------
    request : dict
        Of a training job with the channels ``train`` and ``validation``, in this order.
    fault : str
        One of `FAULTS`.
    folder : str
        URI under which the lesson's data lie, without a slash at its end.
    """
    request = copy.deepcopy(request)
    channels = request["InputDataConfig"]
    sources = [channel["DataSource"]["S3DataSource"] for channel in channels]
    if fault == "channel":
        channels[TRAIN]["ChannelName"] = "training"
    elif fault == "columns":
        sources[VALIDATION]["S3Uri"] = f"{folder}/validation-month/"
    elif fault == "format":
        channels[TRAIN]["ContentType"] = "text/libsvm"
    elif fault == "header":
        sources[TRAIN]["S3Uri"] = f"{folder}/export/"
    elif fault == "labels":
        sources[TRAIN]["S3Uri"] = f"{folder}/miles/"
    elif fault == "objective":
        request["HyperParameters"]["objective"] = "reg:squarederror"
    elif fault == "prefix":
        sources[TRAIN]["S3Uri"] = f"{folder}/train"
    elif fault == "range":
        request["HyperParameters"]["eta"] = "20"
    return request
