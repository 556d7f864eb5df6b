"""The searches of m06_2 that run: past ones, made by a check on its own data, and what AWS's records say of the learner's."""

from __future__ import annotations

import contextlib
import math
import random
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Report
from course.grading.exercise.members import member_at
from course.grading.jobs import sagemaker_role
from course.grading.scoring import near

from .m06_1_probe import NAME, OBJECTIVE, STATUS, children, ended, nothing_left

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
REQUEST = ("HyperParameterTuningJobConfig", "TrainingJobDefinition")
ADDED = "_tuning_objective_metric"  # SageMaker adds it to the static hyperparameters
NEAR = 5e-5  # a gain may be given with four decimals
SHARE = 0.8  # of money and time that a plan may use
REFUSED = {  # words of AWS's refusal, and what they mean here
    "ResourceInUse": "asks for a name that is taken. A name works only once: make another one each time.",
    "ResourceLimitExceeded": "asks for more instances at a time than the account may have: how many training jobs are paid for?",
    "override the metric definitions": "sends the metric definitions that SageMaker had added: a built-in algorithm has its own.",
}
DOLLARS = 2e-6  # a bill may be given with six decimals; a second costs a hundred times as much


def past_search(answer: Answer, name: str, case: dict) -> dict:
    """The description of a search that ended well. It is made, on data of its own, unless it is there: practice keeps its search.

    ``case`` has the search's ``config`` and ``static``, ``gigabytes`` and ``seconds``.
    """
    sagemaker = answer.client("sagemaker")
    with contextlib.suppress(ClientError):
        sagemaker.describe_hyper_parameter_tuning_job(**{NAME: name})  # ResourceNotFound, before anybody waits
        found = ended(sagemaker, name)
        if found[STATUS] == "Completed":
            return found
        name = f"{name}-{answer.token()}"
    request = {"HyperParameterTuningJobConfig": case["config"], "TrainingJobDefinition": definition(answer, name, case)}
    sagemaker.create_hyper_parameter_tuning_job(**{NAME: name}, **request)
    return ended(sagemaker, name)


def definition(answer: Answer, name: str, case: dict) -> dict:
    buckets = [each["Name"] for each in answer.client("s3").list_buckets()["Buckets"] if each["Name"].startswith("sagemaker-")]
    if not buckets:
        raise AnswerError("This account has no bucket of SageMaker: run the notebook's cells from the top.")
    bucket = buckets[0]
    channels = []
    for channel, count in (("train", 500), ("validation", 400)):
        key = f"graded-m06-2-{name}/{channel}/part-0.csv"
        answer.client("s3").put_object(Bucket=bucket, Key=key, Body="\n".join(_row(answer.rng) for _ in range(count)).encode())
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{key}"}
        channels.append({"ChannelName": channel, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}})
    return {
        "RoleArn": sagemaker_role(answer.client("iam")),
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "StaticHyperParameters": case["static"],
        "InputDataConfig": channels,
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/graded-m06-2-{name}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": case["gigabytes"]},
        "StoppingCondition": {"MaxRuntimeInSeconds": case["seconds"]},
    }


def _row(rng: random.Random) -> str:
    values = [rng.random() for _ in range(3)]
    late = values[0] * values[1] + rng.gauss(0, 0.2) > 0.3
    return ",".join([str(int(late)), *(f"{value:.3f}" for value in values)])


# Exercise 6.2.1: the same search again


def judge_repeat(answer: Answer, report: Report, name: str, case: dict, strategy: str, seed: int) -> None:
    """Whether the learner repeats a past search with this strategy and seed, all else equal, and measures what it gained."""
    sagemaker = answer.client("sagemaker")
    report.doing("runs a search")
    with nothing_left(sagemaker):
        past = past_search(answer, name, case)
        name = past[NAME]
        report.doing("calls your function, which repeats it")
        called = f"`repeat({name!r}, {strategy!r}, {seed})`"
        got = _called(answer, report, "changed", called, {"tuning_job": str, "gain": (int, float)}, "repeat", name, strategy, seed)
        if got is None:
            return
        if not report.part("changed", got["tuning_job"] != name, f"{called} returned the name of the past search: nothing was repeated."):
            return
        repeat = sagemaker.describe_hyper_parameter_tuning_job(**{NAME: got["tuning_job"]})
        status = repeat[STATUS]
        repeat = ended(sagemaker, got["tuning_job"])
    config = repeat["HyperParameterTuningJobConfig"]
    wrong = [f"{member} is {config.get(member)!r}" for member, wanted in _asked(strategy, seed) if config.get(member) != wanted]
    report.part("changed", not wrong, f"{called} made a search whose {' and '.join(wrong)}; expected what was asked for.")
    before, now = facts(past), facts(repeat)
    other = [what for what in before if before[what] != now[what]]
    report.part("same", not other, f"{called} changed more than was asked for: {', '.join(other)}. {_why(other)}")
    if report.part("gain", status == "Completed", f"When {called} returned, its search was {status}: its best value is not known yet."):
        _check_gain(report, called, got["gain"], past, repeat)


def _asked(strategy: str, seed: int) -> tuple[tuple[str, object], ...]:
    return ("Strategy", strategy), ("RandomSeed", seed)


def _called(answer: Answer, report: Report, part: str, called: str, form: dict[str, Any], name: str, *arguments: Any) -> dict | None:
    """What the learner's function returned; reports the part and returns None if that is not of the form."""
    try:
        got = answer.call(name, *arguments)
    except AnswerError as error:
        why = next((why for words, why in REFUSED.items() if words in str(error)), None)
        if why is None:
            raise
        report.part(part, False, f"{called} {why}")
        return None
    fits = set(got) == set(form) and all(isinstance(got[key], kind) and not isinstance(got[key], bool) for key, kind in form.items())
    expected = " and ".join(f"{key!r}, {'text' if kind is str else 'a number'}" for key, kind in form.items())
    return got if report.part(part, fits, f"{called} returned {got!r}; expected {expected}.") else None


def facts(job: dict) -> dict[str, Any]:
    """What a search is, in words and values that compare; what says the same in another way is the same."""
    config, shared = (job[part] for part in REQUEST)
    limits, channels = config["ResourceLimits"], shared.get("InputDataConfig", [])
    resources = shared.get("ResourceConfig") or shared.get("HyperParameterTuningResourceConfig", {})
    static = {name: value for name, value in shared.get("StaticHyperParameters", {}).items() if name != ADDED}
    return {
        "the data": sorted((each["ChannelName"], each.get("ContentType"), _uri(each)) for each in channels),
        "the image": shared["AlgorithmSpecification"].get("TrainingImage"),
        "the static hyperparameters": static,
        "the ranges": _ranges(config.get("ParameterRanges") or shared.get("HyperParameterRanges", {})),
        "the objective": objective(job),
        "the number of training jobs": limits.get("MaxNumberOfTrainingJobs"),
        "how many run at a time": limits["MaxParallelTrainingJobs"],
        "early stopping": config.get("TrainingJobEarlyStoppingType", "Off"),
        "the instance": [resources.get(member) for member in ("InstanceType", "InstanceCount", "VolumeSizeInGB")],
        "Spot": bool(shared.get("EnableManagedSpotTraining")),
        "the longest time of a training job": member_at(shared, "StoppingCondition", "MaxRuntimeInSeconds"),
        "the warm start": job.get("WarmStartConfig"),
    }


def objective(job: dict) -> tuple:
    """A request may have it in either place."""
    found = job["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective") or job["TrainingJobDefinition"]["TuningObjective"]
    return found.get("Type"), found.get("MetricName")


def _uri(channel: dict) -> str | None:
    uri = member_at(channel, "DataSource", "S3DataSource", "S3Uri")
    return uri and uri.rstrip("/")


def _ranges(ranges: dict) -> dict[str, tuple]:
    found: dict[str, tuple] = {each["Name"]: tuple(each["Values"]) for each in ranges.get("CategoricalParameterRanges", [])}
    for kind in ("ContinuousParameterRanges", "IntegerParameterRanges"):
        for each in ranges.get(kind, []):
            ends = float(each["MinValue"]), float(each["MaxValue"])
            found[each["Name"]] = (kind, *ends, each.get("ScalingType", "Auto"))
    return found


def _why(other: list[str]) -> str:
    if "the warm start" in other:
        return "A search that knows the results of the other is ahead: that compares no strategies."
    if {"the number of training jobs", "how many run at a time"} & set(other):
        return "With more jobs, or more at a time, a search finds something else: the budget must be equal."
    if {"the data", "the ranges"} & set(other):
        return "Which members of the description say where and what it searched?"
    return "Send what the description of the past search says."


def _check_gain(report: Report, called: str, gain: float, past: dict, repeat: dict) -> None:
    before, now = (job["BestTrainingJob"][OBJECTIVE]["Value"] for job in (past, repeat))
    kind, metric = objective(past)
    right = now - before if kind == "Maximize" else before - now
    if near(gain, right, NEAR):
        report.part("gain", True, f"{called} measured what was gained.")
        return
    hint = "which training job is the best of each?"
    if near(gain, -right, NEAR):
        hint = f"its objective is to {kind} {metric}: which sign does a better value have?"
    elif near(gain, now, NEAR):
        hint = "that is the best value itself. How much better is it than that of the past search?"
    report.part("gain", False, f"{called} returned another gain than AWS's records of both searches say: {hint}")


# Exercise 6.2.5: a search for a deadline and a price


def billed(sagemaker: Any, name: str) -> list[int]:
    """The billable seconds of a search's training jobs."""
    names = (child["TrainingJobName"] for child in children(sagemaker, name))
    return [sagemaker.describe_training_job(TrainingJobName=each)["BillableTimeInSeconds"] for each in names]


def judge_within(answer: Answer, report: Report, name: str, case: dict) -> None:
    """Whether the learner's search keeps a deadline and a price, by the bills of a trial, and whether its own bill was read."""
    sagemaker = answer.client("sagemaker")
    report.doing("runs a trial search")
    with nothing_left(sagemaker):
        trial = past_search(answer, name, case)
        name = trial[NAME]
        seconds = billed(sagemaker, name)
        mean = sum(seconds) / len(seconds)
        brief = brief_of(case, mean)
        train, validation = (_uri(channel) for channel in trial["TrainingJobDefinition"]["InputDataConfig"])
        called = f"`search_within(..., {name!r}, {brief})`"
        report.doing(f"calls your function, which runs {case['jobs']} training jobs or so")
        form = {"tuning_job": str, "usd": (int, float)}
        got = _called(answer, report, "plan", called, form, "search_within", train, validation, name, brief)
        if got is None:
            return
        if not report.part("plan", got["tuning_job"] != name, f"{called} returned the name of the trial: there is no new search."):
            return
        job = sagemaker.describe_hyper_parameter_tuning_job(**{NAME: got["tuning_job"]})
        status = job[STATUS]
        job = ended(sagemaker, got["tuning_job"])
    limits = job["HyperParameterTuningJobConfig"]["ResourceLimits"]
    said = f"The trial's training jobs were billed {seconds} seconds. For {called} your search has "
    if job["TrainingJobDefinition"]["InputDataConfig"] and facts(job)["the data"] != facts(trial)["the data"]:
        report.part("plan", False, f"{called} searched on other data than it was given.")
    else:
        report.part("plan", *_plan(said, limits, brief, mean))
    _check_deadline(report, called, job, brief)
    _check_start(report, called, job, name)
    if report.part("bill", status == "Completed", f"When {called} returned, its search was {status}: there is no whole bill yet."):
        _check_bill(report, sagemaker, called, got, brief, seconds)


def brief_of(case: dict, mean: float) -> dict:
    """Money for the case's ``jobs`` and half a job more, time for its ``turns`` and most of a turn more, by the mean bill of the trial.

    So who divides without whole turns has too few jobs at a time.
    """
    turn = case["wait"] + mean / 60
    return {
        "usd": round((case["jobs"] + 0.5) * mean / 3600 * case["usd_hour"] / SHARE, 6),
        "usd_hour": case["usd_hour"],
        "deadline_minutes": round((case["turns"] + 0.75) * turn / SHARE),
        "wait_minutes": case["wait"],
    }


def _plan(said: str, limits: dict, brief: dict, mean: float) -> tuple[bool, str]:
    """Whether number of jobs and jobs at a time are those of the rules, and what is wrong."""
    jobs, parallel = limits.get("MaxNumberOfTrainingJobs"), limits["MaxParallelTrainingJobs"]
    if jobs is None:
        return False, f"{said}no MaxNumberOfTrainingJobs: what limits its bill?"
    cost, turn = mean / 3600 * brief["usd_hour"], brief["wait_minutes"] + mean / 60
    money, minutes = SHARE * brief["usd"], SHARE * brief["deadline_minutes"]
    if jobs * cost > money:
        hint = "the price has no reserve." if jobs * cost <= brief["usd"] else "what is an hour, and what a second?"
        return False, f"{said}{jobs} training jobs. On average they cost {jobs * cost:.6f} dollars: {hint}"
    if (jobs + 1) * cost <= money:
        return False, f"{said}{jobs} training jobs, and money for more. For which of its minutes is a job billed, and at which average?"
    said = f"{said}{jobs} training jobs, {parallel} at a time. "
    if (needed := math.ceil(jobs / parallel) * turn) > minutes:
        why = "too late, or without a reserve. How many turns are there, and how long is each?"
        return False, f"{said}They take {needed:.1f} minutes, waiting included; the reserve leaves {minutes:.1f}: {why}"
    if parallel > 1 and math.ceil(jobs / (parallel - 1)) * turn <= minutes:
        return False, f"{said}Fewer at a time would do: in a hurry, a search learns less."
    return True, "Number and parallelism keep the brief."


def _check_deadline(report: Report, called: str, job: dict, brief: dict) -> None:
    given = job["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxRuntimeInSeconds")
    has = "no MaxRuntimeInSeconds" if given is None else f"a MaxRuntimeInSeconds of {given}"
    child = member_at(job["TrainingJobDefinition"], "StoppingCondition", "MaxRuntimeInSeconds")
    wanted = 60 * brief["deadline_minutes"]
    hint = "yours is the limit of each training job." if given is None and child == wanted else "when must the whole search end?"
    report.part("deadline", given == wanted, f"{called} made a search with {has} in its ResourceLimits: {hint}")


def _check_start(report: Report, called: str, job: dict, name: str) -> None:
    warm = job.get("WarmStartConfig")
    if not report.part("start", warm is not None, f"{called} made a search that knows nothing of the trial."):
        return
    parents = [parent.get(NAME) for parent in warm["ParentHyperParameterTuningJobs"]]
    if report.part("start", parents == [name], f"{called} began from {parents}; expected the trial as the only parent."):
        kind = warm["WarmStartType"]
        said = f"{called} began with {kind}: do the trial's results only hint, when data and image are the same?"
        report.part("start", kind == "IdenticalDataAndAlgorithm", said)


def _check_bill(report: Report, sagemaker: Any, called: str, got: dict, brief: dict, trial: list[int]) -> None:
    rate = brief["usd_hour"] / 3600
    mine = billed(sagemaker, got["tuning_job"])
    right = sum(mine) * rate
    if near(got["usd"], right, DOLLARS):
        report.part("bill", True, f"{called} read its bill.")
        return
    hint = "sum the billable seconds of all its training jobs."
    if near(got["usd"], right + sum(trial) * rate, DOLLARS):
        hint = "the trial was paid for before."
    elif near(got["usd"], len(mine) * sum(trial) / len(trial) * rate, DOLLARS):
        hint = "that is what it was expected to cost. What did it cost?"
    elif near(got["usd"], right * 3600, DOLLARS * 3600):
        hint = "the price is for an hour."
    report.part("bill", False, f"{called} returned a bill of {got['usd']:.6f} dollars, which AWS's records do not confirm: {hint}")
