"""Comparisons, searches, warm starts and briefs to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random

# Comparisons of two strategies

VERDICTS = ("first", "second", "same", "cannot tell")


def comparison(rng: random.Random, verdict: str) -> dict:
    """``first``, ``second`` and ``matters`` of two strategies for which this verdict is right, unless chance will have it otherwise."""
    count, matters = rng.randint(12, 24), rng.choice([0.001, 0.002, 0.003])
    error = matters * (rng.uniform(0.06, 0.1) if verdict == "same" else rng.uniform(0.5, 0.9))
    shift = {
        "first": rng.uniform(4, 7) * error,
        "second": rng.uniform(-7, -4) * error,
        "same": matters * rng.choice([0, 0.5, -0.5]),  # it may be a sure difference, and still none that matters
        "cannot tell": rng.uniform(-1.2, 1.2) * error,
    }[verdict]
    spread = error * math.sqrt(count)
    budget, more = rng.randint(8, 20), rng.randint(4, 12)
    longer = rng.choice(["first", "second"])
    searches: dict[str, list[dict]] = {"first": [], "second": []}
    for seed in rng.sample(range(1, 60), count + 3):
        level = rng.gauss(0.735, 0.006)  # what is easy or hard about a seed is so for both
        difference = 0.0 if rng.random() < 0.2 else shift / 0.8 + rng.gauss(0, spread)  # both may find the same training
        for name, best in (("first", level + difference / 2), ("second", level - difference / 2)):
            extra = more if name == longer else rng.choice([0, 0, 1])
            searches[name].append({"seed": seed, "auc": _search(rng, best, budget, extra)})
    searches["first"].pop(), searches["second"].pop(0)  # each strategy has a seed that the other lacks
    return {name: rng.sample(found, len(found)) for name, found in searches.items()} | {"matters": matters}


def _search(rng: random.Random, best: float, budget: int, extra: int) -> list[float]:
    """AUC of the jobs of a search: ``best`` is the best of the first ``budget``, and some that come after may be better."""
    aucs = [rng.choice([0.5, rng.uniform(0.5, best - 0.002), rng.uniform(0.66, best - 0.002)]) for _ in range(budget - 1)]
    aucs.insert(rng.randrange(budget), best)
    aucs += [best + rng.uniform(0.001, 0.012) if rng.random() < 0.4 else rng.uniform(0.6, best) for _ in range(extra)]
    return [round(auc, 4) for auc in aucs]


# Searches, and what may be changed in them

LIMITS = {  # least and most of each field that may be changed
    "numeric": (0, 30),
    "combinations": (2, 500),
    "jobs": (2, 750),
    "parallel": (1, 10),
    "reports": (1, 500),
    "minutes": (1, 240),
}


def illegal(search: dict) -> str:
    """Why there can be no such search, "" when there can."""
    for name, (least, most) in LIMITS.items():
        if type(search[name]) is not int or not least <= search[name] <= most:
            return f"`{name}` is {search[name]!r}; expected a whole number from {least} to {most}"
    if search["parallel"] > search["jobs"]:
        return "more jobs are to run at a time than there are"
    if search["jobs"] * search["minutes"] > search["paid_minutes"]:
        return f"{search['jobs']} jobs of {search['minutes']} minutes take more than the {search['paid_minutes']} minutes that are paid for"
    return ""


# Warm starts

IDENTICAL, TRANSFER = "IdenticalDataAndAlgorithm", "TransferLearning"
MOST_PARENTS = 5
_ENDED, _RUNNING = ("Completed", "Completed", "Stopped", "Failed"), ("InProgress", "Stopping")
_MONTHS = tuple(f"s3://flights/month-{number}/" for number in range(100, 1000))
_NUMBERS = {"eta": "continuous", "max_depth": "integer", "subsample": "continuous", "alpha": "continuous", "min_child_weight": "continuous"}


def tuning_job(rng: random.Random, **changes: object) -> dict:
    """What is known of a tuning job, as a page of notes would have it."""
    names = rng.sample(list(_NUMBERS), 3)
    job = {
        "name": f"search-{rng.randint(100, 999)}-{rng.getrandbits(20):05x}",
        "status": rng.choice(_ENDED),
        "succeeded": rng.randint(5, 60),
        "image": "sagemaker-xgboost:3.0-5",
        "data": rng.choice(_MONTHS),
        "objective": "validation:auc",
        "ranges": {name: _NUMBERS[name] for name in names},
        "static": sorted({*_NUMBERS, "num_round", "objective"} - set(names)),
    }
    return job | changes


def warm_case(rng: random.Random, outcome: str) -> tuple[dict, list[dict]]:
    """A tuning job to come, and earlier ones: parents that suit the outcome, and such as cannot be parents for one reason each."""
    new = tuning_job(rng)
    identical = rng.choice([1, 2, 3, rng.randint(6, 8)]) if outcome == IDENTICAL else 0
    related = 0 if outcome == "none" else rng.choice([1, 2, 3, rng.randint(6, 7)]) - rng.choice([0, identical > 0])
    earlier = [_swapped(rng, tuning_job(rng, image=new["image"], data=new["data"]), new) for _ in range(identical)]
    earlier += [_swapped(rng, tuning_job(rng, **_related(rng, new)), new) for _ in range(related)]
    earlier += [_unfit(rng, new) for _ in range(rng.randint(1, 4))]
    for rank, job in zip(rng.sample(range(5, 90), len(earlier)), earlier, strict=True):
        job["succeeded"] = rank if job["succeeded"] else 0  # all differ, so that the most are the most
    return {name: value for name, value in new.items() if name not in ("status", "succeeded")}, rng.sample(earlier, len(earlier))


def _related(rng: random.Random, new: dict) -> dict:
    """Other data, another version of the algorithm, or both."""
    data = rng.choice([month for month in _MONTHS if month != new["data"]])
    image = f"sagemaker-xgboost:{rng.choice(['1.7-1', '3.2-0'])}"
    return rng.choice([{"data": data}, {"data": data, "image": image}, {"data": new["data"], "image": image}])


def _swapped(rng: random.Random, job: dict, new: dict) -> dict:
    """The job with the ranges of the new one, of which one may be static in it, and one more searched."""
    ranges = dict(new["ranges"])
    if rng.random() < 0.5:
        ranges.pop(rng.choice(list(ranges)))
    return job | {"ranges": ranges, "static": sorted({*new["ranges"], *new["static"]} - set(ranges))}


def _unfit(rng: random.Random, new: dict) -> dict:
    """A tuning job that is identical or related, but for one thing."""
    job = _swapped(rng, tuning_job(rng, image=new["image"], data=new["data"]), new)
    if rng.random() < 0.4:
        job["data"] = rng.choice(_MONTHS)
    fault = rng.choice(["running", "nothing", "metric", "algorithm", "names", "kind"])
    if fault == "running":
        job["status"] = rng.choice(_RUNNING)
    elif fault == "nothing":
        job |= {"status": "Failed", "succeeded": 0}
    elif fault == "metric":
        job["objective"] = rng.choice(["validation:logloss", "train:auc"])
    elif fault == "algorithm":
        job |= {"image": rng.choice(["sagemaker-lightgbm:4.5-1", "linear-learner:1"]), "data": new["data"]}
    elif fault == "names":
        job["static"] = job["static"][:-1] if rng.random() < 0.5 else sorted([*job["static"], "max_bin"])
    else:
        name = next(name for name, kind in new["ranges"].items() if kind == "continuous")
        job["ranges"] = job["ranges"] | {name: "categorical"}
        job["static"] = [other for other in job["static"] if other != name]
    return job


def warm_cases(rng: random.Random) -> list[tuple[dict, list[dict]]]:
    """Twenty-four tuning jobs to come with their earlier ones, eight of each outcome: no one answer suits."""
    return [warm_case(rng, outcome) for outcome in rng.sample(["none", IDENTICAL, TRANSFER] * 8, 24)]


# Early stopping


def finished_jobs(rng: random.Random, trials: list[dict]) -> tuple[list[dict], float]:
    """Jobs made of rows of the table of trials, with the seconds that their training takes, and the seconds that each is set up for."""
    chosen = rng.sample(trials, rng.randint(16, 26))
    pace = rng.uniform(20, 90)
    jobs = [{"auc": list(trial["auc"]), "seconds": round(pace * math.log2(trial["nodes"] / 100 + 1), 1)} for trial in chosen]
    return jobs, float(rng.randint(20, 90))


# Plans

PLANS = {"strategy": ("Random", "Bayesian"), "early": ("Off", "Auto")}
PLAN_LIMITS = {"jobs": (3, 100), "parallel": (1, 10)}
_KINDS = (  # whole jobs that the money pays for, and that fit the deadline one after the other, as ranges
    ((12, 18), (18, 23)),  # much time, little money
    ((22, 30), (9, 12)),
    ((52, 60), (5, 5.7)),  # much money, little time
)


def brief(rng: random.Random, kind: int) -> dict:
    """What a search must keep to: a deadline and a price, and how long a job takes."""
    (poor, rich), (short, long) = _KINDS[kind]
    times = {"wait": round(rng.uniform(1, 4), 1), "setup": round(rng.uniform(1, 3), 1), "training": round(rng.uniform(6, 40), 1)}
    usd_hour = rng.choice([0.115, 0.23, 0.461, 0.922])
    paid = times["setup"] + times["training"]
    return times | {
        "deadline_minutes": round(rng.uniform(short, long) * (paid + times["wait"])),
        "usd": round(rng.uniform(poor, rich) * paid / 60 * usd_hour, 2),
        "usd_hour": usd_hour,
    }


def briefs(rng: random.Random) -> list[dict]:
    """Six briefs, two of each kind: no one plan keeps to them all and makes use of them."""
    return [brief(rng, kind) for kind in rng.sample([0, 1, 2] * 2, 6)]


def broken(given: dict, came_to: dict) -> str:
    """What a search did with its brief that it should not: ``late``, ``dear``, ``hasty``, ``small``, or "" for none of these."""
    if came_to["minutes"] > given["deadline_minutes"]:
        return "late"
    if came_to["usd"] > given["usd"]:
        return "dear"
    if came_to["usd"] < given["usd"] / 2:
        return "small"
    return "hasty" if came_to["minutes"] < given["deadline_minutes"] / 3 else ""
