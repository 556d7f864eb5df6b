"""A company's five workloads, and what a plan for them costs in a year.

The prices are list prices of us-east-1 in US dollars an hour, of 2026-10-08. How waiting grows with the load, how often Spot instances are
taken away, and what a model server holds are this course's own rules.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

HOURS = 365 * 24
PRICES = {"ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.m5.4xlarge": 0.922, "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204}
GB_SECOND = 0.00002  # of serverless inference
SPOT = 0.3  # of the price on demand
DISCOUNT = 0.3  # of a Savings Plan
TARGET = 0.6  # of an instance's capacity: at which auto scaling adds one
LATE_HOURS = 80  # hours of a year in which the website may be slow
MOST = 1_000  # Spot instances, one after the other, for one job
RARE = 0.01  # of the trainings may end too late
LOW = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)  # instances that auto scaling keeps at least
HIGH = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24)  # and at most
IDLE_MINUTES = 15  # after which a serverless container is gone
WORKLOADS = ("website", "scores", "training", "airports", "helpdesk")


def company(seed: int) -> dict[str, dict]:
    """What is known of a company's workloads after a year: workload -> its facts."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    day = np.clip(np.sin((hours % 24 - 6) / 24 * 2 * np.pi), 0, None) * np.where(hours // 24 % 7 < 5, 1.0, rng.uniform(0.3, 0.7))
    load = (rng.uniform(200, 600) + rng.uniform(3_000, 6_000) * day) * math.exp(rng.uniform(-1.0, 1.0))
    speed = rng.uniform(700, 1_100)  # requests a minute of an ml.m5.large
    models = int(rng.integers(24, 49))
    asked = rng.dirichlet(np.full(models, rng.uniform(0.3, 1.0)))
    return {
        "website": {
            "load": np.round(load * rng.normal(1, 0.03, HOURS)),
            "capacity": {name: round(speed * factor) for name, factor in _factors(rng).items()},
            "ms": rng.uniform(18, 30),
            "p95_ms": 100.0,
        },
        "scores": {"minutes": rng.uniform(25, 70), "fresh_hours": float(rng.uniform(5, 25))},
        "training": {
            "hours": rng.uniform(1.5, 4),
            "save_seconds": float(rng.uniform(20, 120)),
            "lifetime_hours": float(rng.uniform(1.5, 6)),
            "fresh_hours": float(rng.uniform(20, 40)),
        },
        "airports": {
            "shares": np.sort(asked)[::-1],
            "holds": int(rng.integers(5, 10)),
            "ms": rng.uniform(30, 60),
            "load_ms": rng.uniform(1_500, 4_000),
            "p95_ms": 400.0,
        },
        "helpdesk": {
            "a_day": int(rng.integers(20, 120)),
            "seconds": rng.uniform(0.5, 2.0),
            "gigabytes": int(rng.integers(2, 5)),
            "cold_ms": rng.uniform(4_000, 9_000),
            "p95_ms": float(rng.choice([2_500, 15_000, 900_000])),
        },
    }


def _factors(rng: np.random.Generator) -> dict[str, float]:
    """What a type answers, as a multiple of an ml.m5.large."""
    large, compute = rng.uniform(1.8, 2.2), rng.uniform(0.8, 1.3)
    return {"ml.m5.large": 1.0, "ml.m5.xlarge": large, "ml.c5.large": compute, "ml.c5.xlarge": compute * large}


def next_year(facts: dict[str, dict], growth: float, seed: int) -> dict[str, dict]:
    """The same company with more load on its website: each hour is ``growth`` times as busy, and differs a little."""
    website = facts["website"]
    noise = np.random.default_rng(seed).normal(1, 0.01, HOURS) if seed else 1.0
    return facts | {"website": website | {"load": np.round(website["load"] * growth * noise)}}


def today(facts: dict[str, dict]) -> dict[str, Any]:
    """How the company does it today: on demand, with much to spare."""
    website, airports = facts["website"], facts["airports"]
    count = math.ceil(website["load"].max() / website["capacity"]["ml.m5.xlarge"] / TARGET) + 2
    return {
        "website": {"type": "ml.m5.xlarge", "low": math.ceil(count * 0.7), "high": count},
        "scores": {"every_hours": 0},
        "training": {"every_hours": 6, "spot": False, "save_minutes": 0},
        "airports": {"shared": math.ceil(len(airports["shares"]) / airports["holds"]) + 1},
        "helpdesk": {"kind": "real-time"},
        "commitment": 0.0,
    }


def options(facts: dict[str, dict]) -> dict[str, list[dict]]:
    """What can be chosen: workload -> its options."""
    types = facts["website"]["capacity"]
    website = [{"type": name, "low": low, "high": high} for name in types for low in LOW for high in HIGH if low <= high]
    rhythm = (6, 8, 12, 24)
    spot = [{"every_hours": each, "spot": True, "save_minutes": save} for each in rhythm for save in (0, 5, 10, 20, 40, 60)]
    return {
        "website": website,
        "scores": [{"every_hours": each} for each in (0, 1, 2, 3, 4, *rhythm)],
        "training": [*({"every_hours": each, "spot": False, "save_minutes": 0} for each in rhythm), *spot],
        "airports": [{"shared": count} for count in range(11)],
        "helpdesk": [{"kind": kind} for kind in ("real-time", "serverless", "asynchronous")],
    }


def replay(facts: dict[str, dict], plan: Mapping[str, Any], seed: int = 1) -> pd.DataFrame:
    """A year with a plan.

    Parameters
    ----------
    facts : dict
        As of `company`.
    plan : dict
        Workload -> one of its `options`. Workloads that are not in it are left out. ``commitment`` is in dollars an hour.
    seed : int
        Draws how long Spot instances last.

    Returns
    -------
    DataFrame
        A row for each workload: ``dollars`` of the year at list prices, what was ``measured``, its ``limit``, and whether it is ``kept``.
        Its ``attrs["planned"]`` are the dollars of each hour that a Savings Plan may pay for.
    """
    rows, planned = {}, np.zeros(HOURS)
    for workload in WORKLOADS:
        if workload in plan:
            hourly, other, measured, limit = REPLAYS[workload](facts[workload], plan[workload], seed)
            planned += hourly
            rows[workload] = (float(hourly.sum() + other), measured, limit, measured <= limit)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["dollars", "measured", "limit", "kept"])
    table.attrs["planned"] = planned
    return table


def dollars(year: pd.DataFrame, commitment: float = 0.0) -> float:
    """What a year of `replay` costs, with a Savings Plan of so many dollars an hour."""
    planned = year.attrs["planned"]
    above = np.clip(planned - commitment / (1 - DISCOUNT), 0, None).sum()
    return float(year.dollars.sum() - planned.sum() + above + commitment * HOURS)


def _website(facts: dict, plan: dict, seed: int) -> tuple[np.ndarray, float, float, float]:
    """Hours in which 5 % of the answers take too long. Auto scaling knows the load of the hour before."""
    capacity, load = facts["capacity"][plan["type"]], facts["load"]
    wanted = np.ceil(np.roll(load, 1) / (capacity * TARGET))
    instances = np.clip(wanted, plan["low"], plan["high"])
    busy = load / (instances * capacity)
    with np.errstate(divide="ignore"):
        p95 = np.where(busy < 1, facts["ms"] / (1 - busy), np.inf)
    return instances * PRICES[plan["type"]], 0.0, float((p95 > facts["p95_ms"]).sum()), LATE_HOURS


def _scores(facts: dict, plan: dict, seed: int) -> tuple[np.ndarray, float, float, float]:
    """The age of the oldest score in hours: a transform job each few hours, or an endpoint, which answers at once."""
    every, price = plan["every_hours"], PRICES["ml.m5.xlarge"]
    if not every:
        return np.full(HOURS, price), 0.0, 0.0, facts["fresh_hours"]
    run = (facts["minutes"] + 4) / 60  # four minutes to start, which are billed
    return _each(every, run * price), 0.0, every + run, facts["fresh_hours"]


def _training(facts: dict, plan: dict, seed: int) -> tuple[np.ndarray, float, float, float]:
    """The age of the model in hours, which all but 1 % of the trainings keep."""
    every, price = plan["every_hours"], PRICES["ml.m5.4xlarge"]
    if not plan["spot"]:
        return _each(every, facts["hours"] * price), 0.0, every + facts["hours"], facts["fresh_hours"]
    work, save = facts["hours"] * 3600, facts["save_seconds"]
    between, instances = plan["save_minutes"] * 60 or work, lifetimes(seed, facts["lifetime_hours"] * 3600)
    took = np.array([billed_seconds(instances, work, between, save) for _ in range(HOURS // every)])
    late = float(np.quantile(took, 1 - RARE)) / 3600
    return np.zeros(HOURS), float(took.sum() / 3600 * price * SPOT), every + late, facts["fresh_hours"]


def lifetimes(seed: int, mean: float) -> Iterator[float]:
    """Seconds that Spot instances last, one after the other, without an end: exponential, with this mean."""
    rng = np.random.default_rng(seed)
    while True:
        yield rng.exponential(mean)


def billed_seconds(lifetimes: Iterator[float], work: float, every: float, save: float) -> float:
    """Seconds that a training job on Spot instances is billed for, until all its work is done.

    Parameters
    ----------
    lifetimes : iterator
        Seconds that instances last. The job takes as many as it needs.
    work, every, save : float
        Seconds of the work without interruptions; of work between two checkpoints; and for which the work stops for a checkpoint.

    Returns
    -------
    float
        Infinite if the job does not end on `MOST` instances.
    """
    billed = done = 0.0
    for seconds in itertools.islice(lifetimes, MOST):
        left = work - done
        needed = left + (math.ceil(left / every) - 1) * save  # no checkpoint at the end
        if needed <= seconds:
            return billed + needed
        billed += seconds
        done += seconds // (every + save) * every  # what was done since the last checkpoint is lost
    return math.inf


def _airports(facts: dict, plan: dict, seed: int) -> tuple[np.ndarray, float, float, float]:
    """Milliseconds that 95 % of the answers keep. Instances that all models share load rare ones again."""
    shares = facts["shares"]
    count = plan["shared"] or len(shares)
    loaded = 0.0 if not plan["shared"] else float(shares[plan["shared"] * facts["holds"] :].sum())
    waits = facts["ms"] + (facts["load_ms"] if loaded > 0.05 else 0.0)
    return np.full(HOURS, count * PRICES["ml.m5.large"]), 0.0, waits, facts["p95_ms"]


def _helpdesk(facts: dict, plan: dict, seed: int) -> tuple[np.ndarray, float, float, float]:
    """Milliseconds that 95 % of the answers keep. Serverless containers go after some minutes without work; asynchronous instances, too."""
    price, answer = PRICES["ml.m5.large"], facts["seconds"] * 1000
    if plan["kind"] == "real-time":
        return np.full(HOURS, price), 0.0, answer, facts["p95_ms"]
    minutes = 24 * 60 / facts["a_day"]  # between two requests, on average
    alone = math.exp(-IDLE_MINUTES / minutes)  # of the requests find nothing that is warm
    if plan["kind"] == "serverless":
        billed = facts["a_day"] * 365 * facts["seconds"] * facts["gigabytes"] * GB_SECOND
        return np.zeros(HOURS), billed, answer + (facts["cold_ms"] if alone > 0.05 else 0.0), facts["p95_ms"]
    up = min(1.0, alone * facts["a_day"] * (IDLE_MINUTES + 6) / (24 * 60) + (1 - alone))  # of the time an instance is there
    return np.full(HOURS, up * price), 0.0, answer + (360_000 if alone > 0.05 else 0.0), facts["p95_ms"]


def _each(every: int, cost: float) -> np.ndarray:
    """A cost each few hours, in the hour in which it begins."""
    hourly = np.zeros(HOURS)
    hourly[::every] = cost
    return hourly


REPLAYS = {"website": _website, "scores": _scores, "training": _training, "airports": _airports, "helpdesk": _helpdesk}
