"""An hour of a fleet of models: some have an endpoint of their own, the others share instances and are loaded when they are asked for."""

import random
from collections import OrderedDict
from collections.abc import Collection


def cold_answers(fleet: dict, own: Collection[str], shared: int) -> dict[str, int]:
    """How often each model that shares was not in memory when it was asked.

    Parameters
    ----------
    fleet : dict
        ``models`` (name to ``gb`` and ``late_usd``), ``memory_gb`` of an instance, and ``requests``, the names of the models that were
        asked in an hour, in their order.
    own : collection of str
        Models with an endpoint of their own.
    shared : int
        Instances of the multi-model endpoint. Their memory is counted as one; the model used last longest ago leaves it first.
    """
    memory, free, cold = OrderedDict(), shared * fleet["memory_gb"], {}
    for name in fleet["requests"]:
        if name in own:
            continue
        if name in memory:
            memory.move_to_end(name)
            continue
        cold[name] = cold.get(name, 0) + 1
        size = fleet["models"][name]["gb"]
        while free < size:
            free += memory.popitem(last=False)[1]
        memory[name] = size
        free -= size
    return cold


def hour_usd(fleet: dict, own: Collection[str], shared: int) -> float:
    """US dollars of the hour: the instances, and ``late_usd`` of its model for each cold answer, which comes too late.

    Raises
    ------
    ValueError
        When a model has no place: it shares, and no instance is shared.
    """
    if shared < 1 and set(fleet["models"]) - set(own):
        raise ValueError("Some models have no endpoint of their own, and no instance is shared.")
    late = sum(count * fleet["models"][name]["late_usd"] for name, count in cold_answers(fleet, own, shared).items())
    return (len(set(own)) + shared) * fleet["instance_usd"] + late


def example(seed: int) -> dict:
    """A fleet of twelve models, asked 600 times in its hour: few often, most now and then."""
    rng = random.Random(seed)
    names = [f"model-{number:02}" for number in range(1, 13)]
    models = {name: {"gb": round(rng.uniform(0.4, 1.2), 1), "late_usd": 0.004} for name in names}
    weights = [1 / place**1.2 for place in range(1, 13)]
    return {"models": models, "memory_gb": 3.0, "instance_usd": 0.115, "requests": rng.choices(names, weights, k=600)}
