"""m06_1: five requests of searches that find nothing, or the wrong thing. Each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import copy
import random

from course.exercises import pools

SPOILED = ("channel", "interval", "labels", "objective", "regex")  # no objective value arrives
MISLED = ("digits", "direction", "training")  # values arrive, and crown the wrong training job
TICKETS = tuple(f"ticket-{number}" for number in range(1, 6))
POOL, TAKES = "broken_searches", (3, 2)  # of those without an objective value, and of those that are misled


def requests(rng: random.Random, definition: dict, image: str, source: str, folder: str) -> dict[str, dict]:
    """The request of each ticket, ready for ``create_hyper_parameter_tuning_job`` but for the name.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    definition : dict
        The ``TrainingJobDefinition`` of another search, for role, output, resources, limits, and the channels ``train`` and
        ``validation``, in this order.
    image : str
        URI of the image that runs ``logistic.py``.
    source : str
        URI of the archive with ``logistic.py``.
    folder : str
        URI under which the lesson's data lie, without a slash at its end.
    """
    words = {"image": image, "source": source, "folder": folder}
    drawn = [pools.filled(request, words) for request in pools.drawn(rng, POOL, TAKES)]
    return {ticket: _request(definition, **parts) for ticket, parts in zip(TICKETS, drawn, strict=True)}


def _request(definition: dict, config: dict, shared: dict, validation: dict) -> dict:
    """A request of the pool: its configuration, and a definition with other members and with another name or place of ``validation``."""
    train, channel = copy.deepcopy(definition["InputDataConfig"])
    channel["ChannelName"] = validation.get("ChannelName", channel["ChannelName"])
    channel["DataSource"]["S3DataSource"] |= {name: value for name, value in validation.items() if name == "S3Uri"}
    return {
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": definition | {"InputDataConfig": [train, channel]} | shared,
    }
