# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m04_1."""

import secrets
from collections import Counter
from functools import cache
from itertools import pairwise
from statistics import fmean

import pandas as pd

from course import datasets
from course.grading import Answer, Report

from .m04_1 import check_input, check_request, ex1, ex2, ex3, ex4, read, threshold
from .m04_1_cases import CONTENT_TYPES, channels, costs, curves

SMALL_GIGABYTES = 1
NEAR_BEST = 0.002
WAIT = {"Delay": 0.2, "MaxAttempts": 300}


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    s3, sagemaker = answer.client("s3"), answer.client("sagemaker")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    rounds, name = answer.rng.randint(5, 15), f"graded-m04-1-{secrets.token_hex(4)}"
    uris = {}
    for channel, rows in (("train", 400), ("validation", 200)):
        lines = [f"{int(x + y > 1)},{x:.3f},{y:.3f}" for x, y in ((answer.rng.random(), answer.rng.random()) for _ in range(rows))]
        s3.put_object(Bucket=bucket, Key=f"{name}/{channel}/data.csv", Body="\n".join(lines).encode())
        uris[channel] = f"s3://{bucket}/{name}/{channel}/data.csv"
    request = answer.call("training_request", name, uris["train"], uris["validation"], rounds)
    if not check_request(report, request, name, uris, rounds):
        return
    sagemaker.create_training_job(**request)
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name, WaiterConfig=WAIT)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    done = job["TrainingJobStatus"] == "Completed"
    if not report.part(
        "job", done, f"A job from your request ended {job['TrainingJobStatus']}: {job.get('FailureReason', 'no reason given')}"
    ):
        return
    metrics = [metric["MetricName"] for metric in job.get("FinalMetricDataList", [])]
    report.part("job", "validation:auc" in metrics, f"The job reports {metrics}; expected the AUC on the validation channel among them.")


def right_input(channel: dict) -> dict:
    if channel["reads"] == "pipe":
        mode = "Pipe"
    elif channel["access"] == "random" or channel["gigabytes"] < SMALL_GIGABYTES:
        mode = "File"
    else:
        mode = "File" if channel["gigabytes"] <= channel["disk"] and channel["passes"] > 1 else "FastFile"
    return {"mode": mode, "content_type": CONTENT_TYPES[channel["format"]]}


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    cases = channels(answer.rng)
    wanted = [right_input(channel) for channel in cases]
    missed = []
    for channel, want in zip(cases, wanted, strict=True):
        got = check_input(answer, report, channel)
        if got is None:
            return
        if got != want:
            missed.append((channel, got, want))
    constant = max(Counter((want["mode"], want["content_type"]) for want in wanted).values()) / len(wanted)
    share = max(0.0, (1 - len(missed) / len(wanted) - constant) / (1 - constant))
    report.part(
        "unseen", share, f"{len(wanted) - len(missed)} of {len(wanted)} unseen channels got an input that suits them. {_why(missed)}"
    )


def _why(missed: list[tuple[dict, dict, dict]]) -> str:
    if any(got["content_type"] != want["content_type"] for _, got, want in missed):
        return "Some miss on the content type: it follows from one field alone."
    if missed and all(channel["reads"] == "pipe" for channel, _, _ in missed):
        return "All misses are programs that read a pipe: where does your rule use `reads`?"
    if missed and all(channel["access"] == "random" for channel, _, _ in missed):
        return "All misses are read at random: where does your rule use `access`?"
    if missed and all(channel["gigabytes"] > channel["disk"] for channel, _, _ in missed):
        return "All misses do not fit the disk: where does your rule compare `gigabytes` with `disk`?"
    if missed and all(channel["gigabytes"] <= channel["disk"] for channel, _, _ in missed):
        return "All misses fit the disk: how often must the data cross the network, for one of the `passes` and for many?"
    return "Ask the questions of the table from top to bottom." if missed else ""


def right_rounds(verdict: str, run: dict) -> int:
    if verdict in ("too good", "jumps"):
        return 0
    best = max(run["validation"])
    return next(number for number, value in enumerate(run["validation"], 1) if value >= best - NEAR_BEST)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    cases = curves(answer.rng)
    right, good_rounds, confused = 0, 0, Counter()
    for verdict, run in cases:
        got = read(answer, report, run)
        if got is None:
            return
        right += got["verdict"] == verdict
        good_rounds += got["rounds"] == right_rounds(verdict, run)
        if got["verdict"] != verdict:
            confused[(verdict, got["verdict"])] += 1
    report.part("verdict", _above(right / 25, 1 / 5), f"{right} of 25 unseen curves were read rightly. {_most(confused)}")
    report.part(
        "rounds",
        _above(good_rounds / 25, 2 / 5),
        f"For {good_rounds} of 25 the rounds to keep are right. {_rounds_hint(right, good_rounds)}",
    )


def _above(share: float, constant: float) -> float:
    """The share beyond what the best constant answer gets."""
    return max(0.0, (share - constant) / (1 - constant))


def _most(confused: Counter) -> str:
    if not confused:
        return ""
    (verdict, got), count = confused.most_common(1)[0]
    if len({said for _, said in confused}) == 1:
        return f"Every miss was called {got!r}: does your reading look at the curve?"
    return f"Most often, {count} times, {got!r} was said of a run with other signs: compare its end with its best, and neighbours."


def _rounds_hint(right: int, good_rounds: int) -> str:
    if good_rounds == 25:
        return ""
    return (
        "Keep the first round that comes near enough to the best, and none of a run that is not to be trusted."
        if right > 15
        else "Begin with the verdicts."
    )


@cache
def _scored(month: int) -> tuple[list[float], list[int]]:
    """Probabilities and outcomes of a month's flights, by the shrunk rate of airport, hour and airline from January to May."""
    flights = datasets.load("flights").dropna(subset=["arr_delay"])
    flights = flights.assign(late=(flights.arr_delay > 15).astype(int), slot=flights.sched_dep_time // 100)
    past, now = flights[flights.month <= 5], flights[flights.month == month].sample(4000, random_state=month)
    keys = ["origin", "slot", "carrier"]
    by_slot = past.groupby("slot").late.mean()
    grouped = past.groupby(keys).late.agg(["sum", "count"])
    rates = (grouped["sum"] + 50 * by_slot.reindex(grouped.index.get_level_values("slot")).to_numpy()) / (grouped["count"] + 50)
    known = pd.Series(pd.MultiIndex.from_frame(now[keys]).map(rates.to_dict()), index=now.index, dtype=float)
    return known.fillna(now.slot.map(by_slot)).fillna(past.late.mean()).round(4).tolist(), now.late.tolist()


def cost(probabilities: list[float], late: list[int], cut: float, missed: float, false_alarm: float) -> float:
    """Mean cost of a flight when a warning is given from ``cut`` on."""
    return fmean((missed if was else 0) if p < cut else (0 if was else false_alarm) for p, was in zip(probabilities, late, strict=True))


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    june, july = _scored(6), _scored(7)
    regrets, cuts = [], []
    for missed, false_alarm in costs(answer.rng, 8):
        cut = threshold(answer, report, *june, missed, false_alarm)
        if cut is None:
            return
        best = min(cost(*july, number / 100, missed, false_alarm) for number in range(101))
        regrets.append(cost(*july, cut, missed, false_alarm) / best - 1)
        cuts.append(cut)
    regret = fmean(regrets)
    share = 1.0 if regret < 0.03 else 0.5 if regret < 0.08 else 0.25 if regret < 0.15 else 0.0
    report.part(
        "regret", share, f"In an unseen month your thresholds cost {regret:.0%} more than the best ones would have. {_threshold_hint(cuts)}"
    )


def _threshold_hint(cuts: list[float]) -> str:
    if max(cuts) == 0:
        return "They warn before every flight: a warning that is always given tells nothing, and here it costs more."
    if all(a == b for a, b in pairwise(cuts)):
        return "They are the same for all costs: when a miss costs more, when would you warn sooner?"
    return "They move with the costs; look at what each threshold would have cost last month, not at how sure the model sounds."
