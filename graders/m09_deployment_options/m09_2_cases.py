"""Fleets and raw flights to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime

FLEET_MODELS, FLEET_REQUESTS, MOST_SHARED = 12, 500, 6


def fleet(rng: random.Random, dear: int, cheap: float) -> dict:
    """Twelve models and an hour of requests, a few models asked often.

    Late answers of ``dear`` of the seldom asked models are expensive, those of the others cost about ``cheap`` US dollars.
    """
    letters, numbers = rng.sample("ABCDEFGHJKLMNPQRSTUVWXYZ", FLEET_MODELS), rng.sample(range(10, 99), FLEET_MODELS)
    names = [f"{letter}{number}" for letter, number in zip(letters, numbers, strict=True)]
    models = {name: {"gb": round(rng.uniform(0.6, 1.3), 2), "late_usd": round(cheap * rng.uniform(0.7, 1.4), 5)} for name in names}
    weights = [rng.uniform(0.8, 1.2) / place**1.1 for place in range(1, FLEET_MODELS + 1)]
    for name in rng.sample(names[4:], dear):  # asked seldom, so that it is cold nearly each time
        models[name]["late_usd"] = round(rng.uniform(0.03, 0.08), 4)
    given = {"models": dict(rng.sample(list(models.items()), FLEET_MODELS)), "memory_gb": round(rng.uniform(2.2, 3.2), 1)}
    return given | {"instance_usd": round(rng.uniform(0.1, 0.2), 3), "requests": rng.choices(names, weights, k=FLEET_REQUESTS)}


def next_hour(rng: random.Random, given: dict) -> dict:
    """The same fleet an hour later: as many requests for each model, give or take, in another order."""
    return given | {"requests": rng.choices(given["requests"], k=len(given["requests"]))}


def hour_usd(given: dict, own: Collection[str], shared: int) -> float:
    """US dollars of the hour: instances, and cold answers of the models that share."""
    memory, free, late = OrderedDict(), shared * given["memory_gb"], 0.0
    for name in given["requests"]:
        if name in own:
            continue
        if name in memory:
            memory.move_to_end(name)
            continue
        late += given["models"][name]["late_usd"]
        while free < given["models"][name]["gb"]:
            free += memory.popitem(last=False)[1]
        memory[name] = given["models"][name]["gb"]
        free -= memory[name]
    return (len(own) + shared) * given["instance_usd"] + late


RAW = ("departs", "origin", "carrier", "distance", "temp", "wind_speed", "precip", "visib")
ORIGINS = ("EWR", "JFK", "LGA")
CARRIERS = ("UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN")


def encoder(rng: random.Random) -> dict:
    """What a transform learned: a share of late flights for some airlines, and that of all."""
    known = rng.sample(CARRIERS, 6)
    shares = [round(rng.choice([rng.uniform(0.05, 0.12), rng.uniform(0.45, 0.55)]), 4) for _ in known]  # far from the lesson's own
    return {"carriers": dict(zip(known, shares, strict=True)), "overall": round(rng.uniform(0.7, 0.9), 4)}


def raw_lines(rng: random.Random, given: dict, count: int) -> list[str]:
    """Flights as a partner sends them; every fifth has an airline that the encoder does not know, every fourth lacks some weather."""
    return [_raw_line(rng, given, strange=number % 5 == 3, gap=number % 4 == 1) for number in range(count)]


def _raw_line(rng: random.Random, given: dict, *, strange: bool, gap: bool) -> str:
    unknown = [carrier for carrier in (*CARRIERS, "YV", "OO", "F9") if carrier not in given["carriers"]]
    flight = {
        "departs": f"2013-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {rng.randint(5, 22):02}:{rng.randint(0, 59):02}",
        "origin": rng.choice(ORIGINS),
        "carrier": rng.choice(unknown if strange else list(given["carriers"])),
        "distance": rng.randint(94, 2586),
        "temp": round(rng.uniform(15, 95), 2),
        "wind_speed": round(rng.uniform(0, 35), 2),
        "precip": round(rng.choice([0, rng.uniform(0.05, 0.4)]), 2),
        "visib": round(rng.uniform(0.2, 10), 1),
    }
    if gap:
        flight |= dict.fromkeys(rng.sample(["temp", "wind_speed", "visib"], 2), "")
    return ",".join(str(flight[name]) for name in RAW)


def features(line: str, given: dict) -> list[float]:
    """The nine features of a raw line, in the order of training; NaN is a gap."""
    departs, origin, carrier, *numbers = line.split(",")
    moment = datetime.strptime(departs, "%Y-%m-%d %H:%M")
    distance, *weather = (float(number) if number else math.nan for number in numbers)
    rate = given["carriers"].get(carrier, given["overall"])
    return [moment.weekday(), moment.hour, ORIGINS.index(origin), rate, distance, *weather]
