"""Searches and warm starts to judge answers by. The generators are no secret; the seed of the graded cases is."""

import math
import random
from typing import Any

# Past searches that are run

OBJECTIVES = (("Minimize", "validation:logloss"), ("Maximize", "validation:auc"))


def tuning_config(rng: random.Random, strategy: str, objective: tuple[str, str], jobs: int) -> dict[str, Any]:
    """The configuration of a small search of XGBoost. Its numbers are drawn: no other search of the lesson has them."""
    kind, metric = objective
    eta = {"Name": "eta", "MinValue": f"0.{rng.randint(2, 9):02d}", "MaxValue": f"0.{rng.randint(50, 99)}", "ScalingType": "Logarithmic"}
    depth = {"Name": "max_depth", "MinValue": "2", "MaxValue": str(rng.randint(5, 12)), "ScalingType": "Linear"}
    weight = {"Name": "min_child_weight", "MinValue": "1", "MaxValue": str(rng.randint(20, 90)), "ScalingType": "Logarithmic"}
    return {
        "Strategy": strategy,
        "RandomSeed": rng.randint(1, 99),
        "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": metric},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": rng.choice([1, 2])},
        "ParameterRanges": {"ContinuousParameterRanges": [eta, weight], "IntegerParameterRanges": [depth]},
        "TrainingJobEarlyStoppingType": "Auto",
    }


def repeated(rng: random.Random, strategies: list[str], objective: tuple[str, str]) -> tuple[dict, str, int]:
    """A past search, and the strategy and seed to repeat it with."""
    config = tuning_config(rng, strategies[0], objective, jobs=2)
    static = {"objective": "binary:logistic", "num_round": str(rng.randint(21, 60)), "subsample": f"0.{rng.randint(60, 95)}"}
    case = {"config": config, "static": static, "gigabytes": rng.randint(6, 12), "seconds": rng.randint(700, 1500)}
    return case, strategies[1], rng.randint(100, 999)


def trial(rng: random.Random, jobs: int, turns: int) -> dict:
    """A trial search, with longer jobs than the lesson's, and what a brief is made of: money for ``jobs``, time for ``turns``."""
    config = tuning_config(rng, "Random", OBJECTIVES[1], jobs=2)
    config["ResourceLimits"]["MaxParallelTrainingJobs"] = 2
    static = {"objective": "binary:logistic", "num_round": str(rng.randint(1500, 2000))}
    brief = {"jobs": jobs, "turns": turns, "wait": rng.randint(3, 6), "usd_hour": rng.randint(100, 3000) / 100}
    return {"config": config, "static": static, "gigabytes": 5, "seconds": 600} | brief


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
