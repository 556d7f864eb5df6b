"""Experiments and days of traffic to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random
from bisect import bisect_right
from functools import lru_cache
from statistics import fmean, stdev

import numpy as np

ACTIONS = ("ship", "keep", "wait", "expose")
SPREAD = 0.25  # standard deviation of a flight's squared error, as the lesson's models have it

# ---- experiments ---------------------------------------------------------------------------------------------------------------------

# kind: what to do, and a question for those who do otherwise
KINDS = {
    "better": ("ship", "is the difference large, measured by how much it differs from day to day?"),
    "worse": ("keep", "which of the two makes the larger errors?"),
    "noise": ("keep", "on how many days did the new model lose, and on which days will it run?"),
    "early": ("wait", "how many whole days are there, of those that were planned?"),
    "pending": ("wait", "which days have outcomes that are still to come, and which flights are those?"),
    "unseen": ("expose", "whose answers did the users see?"),
    "trailing": ("ship", "what does the last day hold, and what is missing from it?"),
}


# kind, as a shadow, measured by users, standard errors of days by which the new model is better, and another question than the kind's
PRACTICE_EXPERIMENTS = (
    ("better", False, False, 2.7, ""),
    ("better", True, False, 4.0, "what is measured here, and does it take users who saw the answers?"),
    ("better", False, True, 4.0, "which of two models' answers did these users see?"),
    ("worse", False, False, -4.0, ""),
    ("noise", False, False, 1.4, ""),
    ("noise", False, False, 0.6, ""),
    ("early", False, False, 4.0, ""),
    ("pending", False, False, 4.0, ""),
    ("unseen", True, False, 4.0, ""),
    ("trailing", False, False, 2.7, ""),
)


def experiment(rng: random.Random, kind: str, shadow: bool = False, distance: float | None = None) -> dict:
    """An experiment that ran as planned, or not; ``distance`` is by how many standard errors of days the new model is better."""
    planned = rng.randint(8, 21)
    many = rng.randint(250, 900)  # flights a day and model
    sign = -1 if kind == "worse" else 1
    far = rng.uniform(3.8, 7) if sign < 0 or rng.random() < 0.5 else rng.uniform(2.6, 2.9)
    drawn = sign * (rng.uniform(0.6, 1.5) if kind == "noise" else far)
    days = _clear_days(rng, planned, many, shadow or kind == "unseen", drawn if distance is None else distance)
    if kind == "early":
        days = days[: rng.randint(5, planned - 2)]
    elif kind == "pending":
        for day in days[-rng.randint(1, 2) :]:
            _forget(rng, day)
    elif kind == "trailing":
        days.append({"old": _one(many, 0.05), "new": _one(many, round(rng.uniform(0.4, 0.6), 4))})  # few outcomes, of the first hours
        _forget(rng, days[-1])
    as_shadow = shadow or kind == "unseen"
    return {
        "planned_days": planned,
        "new_is": "shadow" if as_shadow else "variant",
        "measured": "users" if kind == "unseen" else "outcomes",
        "days": days,
    }


def _clear_days(rng: random.Random, count: int, many: int, paired: bool, t: float) -> list[dict]:
    """As `_days`, and a test decides as two standard errors do: Student's or by permutation, at 5 %, of one side or of two.

    Student's does for each ``t`` that is drawn: with eight days or more, two sides take 2.37 at most, and one side 1.72 at least.
    """
    while True:
        days = _days(rng, count, many, paired, t)
        chance = _by_permutation(days)
        if 2 * chance < 0.045 if t > 2 else chance > 0.06:
            return days


def _by_permutation(days: list[dict]) -> float:
    """The share of permutations, of old and new within each day, in which the new model is better by as much; of one side."""
    differences = np.array([day["old"]["error"] - day["new"]["error"] for day in days])
    return float((_signs(len(days)) @ differences >= differences.sum() - 1e-9).mean())


@lru_cache
def _signs(count: int) -> np.ndarray:
    return np.random.default_rng(0).choice((-1, 1), (4_000, count))


def _days(rng: random.Random, count: int, many: int, paired: bool, t: float) -> list[dict]:
    """Days whose differences, old less new, have the mean ``t`` in standard errors of days; flight by flight it is always far from zero."""
    drawn = [rng.gauss(0, 1) for _ in range(count)]
    centre, spread = fmean(drawn), stdev(drawn)
    total = many * count
    least = 4.5 * SPREAD * math.sqrt(2 / total)  # a mean difference that is 4.5 standard errors of flights
    scale = max(rng.uniform(0.01, 0.03), least * math.sqrt(count) / abs(t))
    differences = [scale * ((one - centre) / spread + t / math.sqrt(count)) for one in drawn]
    level = rng.uniform(0.14, 0.2)
    days = []
    for difference in differences:
        here = max(0.03, level + rng.gauss(0, 0.04))
        old, new = (here + abs(difference) + 0.01, here + abs(difference) + 0.01 - difference)
        asked = [round(many * rng.uniform(0.9, 1.1)) for _ in range(2)]
        days.append({"old": _one(asked[0], old), "new": _one(asked[0] if paired else asked[1], new)})
    return days


def _one(asked: int, error: float) -> dict:
    return {"asked": asked, "known": asked, "error": round(error, 4), "spread": SPREAD}


def _forget(rng: random.Random, day: dict) -> None:
    """Some outcomes of the day are still to come."""
    for name in rng.choice([("old", "new"), ("old", "new"), ("new",)]):
        one = day[name]
        one["known"] = round(one["asked"] * rng.uniform(0.55, 0.93))


def by_day(days: list[dict]) -> float:
    """How many standard errors of days the new model is better."""
    differences = [day["old"]["error"] - day["new"]["error"] for day in days]
    return fmean(differences) / (stdev(differences) / math.sqrt(len(differences)))


def experiments(rng: random.Random) -> list[tuple[str, dict]]:
    """Forty: thirty drawn alone, and ten twins, of which one is the other on an earlier day, or measured by something else."""
    alone = ["better"] * 6 + ["worse"] * 4 + ["noise"] * 8 + ["early"] * 3 + ["pending"] * 4 + ["unseen"] * 3 + ["trailing"] * 2
    cases = [(kind, experiment(rng, kind, shadow=number % 3 == 0)) for number, kind in enumerate(alone)]
    for _, one in cases[1::3]:
        one["measured"] = "users"  # they did see a variant's answers
    shown = rng.sample([one for kind, one in cases if kind in ("better", "worse", "noise")], 10)
    for number, one in enumerate(shown):
        if number < 4:
            cases.append(("early", one | {"days": one["days"][: rng.randint(4, one["planned_days"] - 2)]}))
        elif number < 7:
            cases.append(("unseen", one | {"new_is": "shadow", "measured": "users"}))
        else:
            late = {name: half | {"known": half["asked"] - rng.randint(9, 40)} for name, half in one["days"][-1].items()}
            cases.append(("pending", one | {"days": [*one["days"][:-1], late]}))
    return rng.sample(cases, 40)


# ---- a day of traffic ----------------------------------------------------------------------------------------------------------------

METRICS = ("InvocationsPerInstance", "CPUUtilization", "ModelLatency")
POLICY = {"metric": str, "target": float, "out_cooldown": int, "in_cooldown": int, "min": int, "max": int}
MOST = 12
MINUTES = 720
HIGH, LOW, LOW_SHARE, BUSY = 3, 15, 0.9, 0.97
BESIDES = (4, 9, 6, 11, 3)
STYLES = ("smooth", "surges", "batches")


def brief(rng: random.Random, style: str, dear: bool) -> dict:
    """An endpoint, and twelve hours of its traffic."""
    told = {
        "request_ms": rng.randint(120, 260),
        "flight_ms": rng.randint(15, 25) if style == "batches" else rng.randint(1, 3),
        "cpu_share": round(rng.uniform(0.85, 0.97), 2) if style == "batches" else round(rng.uniform(0.08, 0.25), 2),
        "start_minutes": rng.randint(4, 8),
        "instance_usd": round(rng.uniform(0.1, 0.5), 3),
    }
    usual = 4 if style == "batches" else 1
    told["late_after_ms"] = round((told["request_ms"] + usual * told["flight_ms"]) * rng.uniform(4, 7))
    told["late_usd"] = round(told["instance_usd"] * (rng.uniform(0.004, 0.01) if dear else rng.uniform(0.0003, 0.0008)), 6)
    told["_style"], told["_peak"], told["_usual"] = style, rng.uniform(500, 1100), usual
    return day(rng, told)


def day(rng: random.Random, told: dict) -> dict:
    """Another twelve hours of the same endpoint."""
    peak, style = told["_peak"], told["_style"]
    curve = [peak * (0.2 + 0.8 * math.sin(math.pi * minute / MINUTES) ** 2) for minute in range(MINUTES)]
    flights = [float(told["_usual"])] * MINUTES
    for begin in sorted(rng.sample(range(60, MINUTES - 60, 60), 4)):
        length, more = rng.randint(20, 45), rng.uniform(1.8, 2.6)
        for minute in range(begin, begin + length):
            if style == "surges":
                curve[minute] *= 1 + (more - 1) * min(1.0, (minute - begin + 1) / 3)
            elif style == "batches":
                flights[minute] = round(told["_usual"] * more * 2.5, 1)
                curve[minute] *= 0.8
    requests = [max(0, round(rng.gauss(rate, math.sqrt(rate)))) for rate in curve]
    return told | {"requests": requests, "flights": flights}


def shown(one: dict) -> dict:
    """A brief as a learner's function gets it."""
    return {name: value for name, value in one.items() if not name.startswith("_")}


def replay(brief: dict, policy: dict) -> float:
    """US dollars of a day under a policy: instances and late answers. As the lesson's ``given/autoscale.py`` has it."""
    ordered, base, seen = policy["min"], policy["min"], []
    ready, last_out, last_in = [0] * ordered, -math.inf, -math.inf
    dollars, target, low = 0.0, policy["target"], LOW_SHARE * policy["target"]
    for minute, (requests, flights) in enumerate(zip(brief["requests"], brief["flights"], strict=True)):
        answering = max(1, bisect_right(ready, minute))  # `ready` is in order
        seconds = (brief["request_ms"] + brief["flight_ms"] * flights) / 1000
        busy = requests * seconds / (60 * answering)
        seen.append(_metric(policy["metric"], requests / answering, busy, seconds, brief["cpu_share"], BESIDES[minute % 5]))
        late = requests * _late_share(busy, seconds, brief["late_after_ms"] / 1000)
        dollars += ordered / 60 * brief["instance_usd"] + late * brief["late_usd"]
        if seen[-1] > target and len(seen) >= HIGH and min(seen[-HIGH:]) > target:
            cooling = (minute - last_out) * 60 < policy["out_cooldown"]
            wanted = min(policy["max"], math.ceil((base if cooling else ordered) * seen[-1] / target - 1e-9))
            if wanted > ordered:
                base, last_out = ordered, minute
                ready += [minute + brief["start_minutes"]] * (wanted - ordered)
                ordered = wanted
        elif seen[-1] < low and (minute - last_in) * 60 >= policy["in_cooldown"] and len(seen) >= LOW and max(seen[-LOW:]) < low:
            wanted = max(policy["min"], math.ceil(ordered * seen[-1] / target - 1e-9))
            if wanted < ordered:
                ready, ordered, last_in = sorted(ready)[:wanted], wanted, minute
    return dollars


def _metric(name: str, per_instance: float, busy: float, seconds: float, cpu_share: float, besides: float) -> float:
    if name == "InvocationsPerInstance":
        return per_instance
    if name == "CPUUtilization":
        return besides + 100 * min(0.89, busy) * cpu_share
    return 1000 * seconds / (1 - min(busy, BUSY))


def _late_share(busy: float, seconds: float, late_after: float) -> float:
    if busy >= 1 or late_after <= seconds:
        return 1.0
    return busy * math.exp(-(1 - busy) * (late_after - seconds) / seconds)
