# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m06_2."""

import random
from collections import Counter
from functools import cache
from statistics import fmean, median
from typing import Any

from course import datasets
from course.grading import Answer, Report
from course.grading.scoring import near, rule_share

from .m06_2 import NEAR, SHARE_NEAR, ex1, ex2, ex3, ex4, ex5, forbidden, measured, started
from .m06_2_cases import IDENTICAL, LIMITS, MOST_PARENTS, OBJECTIVES, TRANSFER, finished_jobs, repeated, trial, warm_cases
from .m06_2_edits_hidden import edits, suits
from .m06_2_probe import judge_repeat, judge_within

ROUNDING = 1e-9  # averages of AUCs that are computed in two ways differ by less


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    strategies, objective = answer.rng.sample(["Random", "Bayesian"], 2), answer.rng.choice(OBJECTIVES)
    judge_repeat(answer, report, f"past-{answer.token()}", *repeated(answer.rng, strategies, objective))


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    cases = edits(answer.rng)
    given = [answer.call("changed", search, strategy) for search, strategy in cases]
    reasons = [forbidden(search, got) for (search, _), got in zip(cases, given, strict=True)]
    fair = sum(not reason for reason in reasons)
    flipped = [not why and suits(got) == strategy for (_, strategy), got, why in zip(cases, given, reasons, strict=True)]
    constant = max(_constant_share(cases, name, value) for name, limits in LIMITS.items() for value in (*limits, 1, 5, 10, 20, 30))
    share = max(0.0, (sum(flipped) / len(cases) - constant) / (1 - constant))
    worth = fair / len(cases) if share > 0.1 else 0.0  # changes that change nothing are easily legal
    said = f"{fair} of {len(cases)} changes of unseen searches are allowed."
    report.part(
        "legal", worth, f"{said} {next((f'One is not: {reason}.' for reason in reasons if reason), 'Few make the other strategy right.')}"
    )
    missed = [(search, strategy) for (search, strategy), good in zip(cases, flipped, strict=True) if not good]
    report.part("flips", share, f"After {sum(flipped)} of {len(cases)} changes the strategy asked for suits. {_flip_hint(missed)}")


def _constant_share(cases: list[tuple[dict, str]], name: str, value: int) -> float:
    """What is right if the same field is always set to the same value."""
    changed = [(search, search | {name: value}, strategy) for search, strategy in cases]
    return fmean(not forbidden(search, other) and suits(other) == strategy for search, other, strategy in changed)


def _flip_hint(missed: list[tuple[dict, str]]) -> str:
    if not missed:
        return ""
    strategy, count = Counter(strategy for _, strategy in missed).most_common(1)[0]
    present = Counter(suits(search) for search, wanted in missed if wanted == strategy).most_common(1)[0][0]
    return (
        f"{count} of the {len(missed)} misses ask for {strategy}, most of them where {present} suits as it stands: "
        "which question must be answered otherwise, and is it always the same field that does it?"
    )


def right_start(new: dict, earlier: list[dict]) -> tuple[str | None, set[str]]:
    """Type and parents of the warm start that suits, None for a start from nothing."""
    names = {*new["ranges"], *new["static"]}
    possible = [
        job
        for job in earlier
        if job["status"] in ("Completed", "Stopped", "Failed")
        and job["succeeded"]
        and job["objective"] == new["objective"]
        and job["image"].split(":")[0] == new["image"].split(":")[0]
        and {*job["ranges"], *job["static"]} == names
        and all(new["ranges"].get(name, kind) == kind for name, kind in job["ranges"].items())
    ]
    same = [job for job in possible if (job["data"], job["image"]) == (new["data"], new["image"])]
    chosen = sorted(same or possible, key=lambda job: -job["succeeded"])[:MOST_PARENTS]
    return (IDENTICAL if same else TRANSFER if possible else None), {job["name"] for job in chosen}


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    cases = warm_cases(answer.rng)
    wanted = [right_start(*case) for case in cases]
    given = []
    for case in cases:
        got = started(answer, report, *case, "kind")
        if got is None:
            return
        given.append(got)
    kinds = sum(got[0] == want[0] for got, want in zip(given, wanted, strict=True))
    share = rule_share([got[0] for got in given], [{want[0]} for want in wanted])
    report.part("kind", share, f"{kinds} of {len(cases)} unseen starts are of the kind that suits. {_kind_hint(given, wanted)}")
    judged = [(case, set(got[1]), want[1]) for case, got, want in zip(cases, given, wanted, strict=True) if want[0] is not None]
    good = sum(names == parents for _, names, parents in judged)
    said = f"For {good} of the {len(judged)} starts that can have parents, they are the right ones."
    report.part("parents", good / len(judged), f"{said} {_parents_hint(judged)}")


def _kind_hint(given: list[tuple], wanted: list[tuple]) -> str:
    missed = [(got[0], want[0]) for got, want in zip(given, wanted, strict=True) if got[0] != want[0]]
    if not missed:
        return ""
    if all(want is None for _, want in missed):
        return "All misses have earlier jobs of which none can be a parent: when is it better to begin from nothing?"
    if all(got == IDENTICAL for got, _ in missed):
        return "All misses were called identical: is the data the same, and the version of the image?"
    if all(got == TRANSFER for got, _ in missed):
        return "All misses were called transfer learning: which kind suits when some of the parents had the same data and image?"
    if all(got is None for got, _ in missed):
        return "All misses were begun from nothing: what else than the very same data and image can be learned from?"
    return "Sort out first who can be a parent at all; then ask who is identical."


def _parents_hint(judged: list[tuple[tuple, set[str], set[str]]]) -> str:
    missed = [(case, names, parents) for case, names, parents in judged if names != parents]
    if not missed:
        return ""
    if any(len(names) > MOST_PARENTS for _, names, _ in missed):
        return "Some have more parents than the API takes."
    extra = [job for (_, earlier), names, parents in missed for job in earlier if job["name"] in names - parents]
    if any(job["status"] in ("InProgress", "Stopping") for job in extra):
        return "Some have a parent that has not ended."
    if any(not job["succeeded"] for job in extra):
        return "Some have a parent in which no training job succeeded: what would it tell?"
    new_of = {job["name"]: new for (new, earlier), _, _ in missed for job in earlier}
    if any(job["objective"] != new_of[job["name"]]["objective"] for job in extra):
        return "Some have a parent that was after another metric."
    if any(job["image"].split(":")[0] != new_of[job["name"]]["image"].split(":")[0] for job in extra):
        return "Some have a parent that tuned another algorithm."
    if 2 * sum(bool(parents - names) and not names - parents for _, names, parents in missed) > len(missed):
        return "Most of those lack parents that would tell more: in what may a parent differ, and how many may there be?"
    if all(len(names) == len(parents) for _, names, parents in missed):
        return "Where there are more than may be, others than those with most to tell were taken."
    return "Some have parents that the others' kind forbids, or whose hyperparameters are not the same ones, of the same kind."


@cache
def _trials() -> list[dict]:
    """Rows of the table of trials that learned something or nothing: nodes and validation AUC."""
    return datasets.load("tuning_trials")[["auc", "nodes"]].to_dict("records")


def right_measure(jobs: list[dict], setup: float, stopped_count: bool = False, averages: bool = True, shift: float = 0.0) -> dict[str, Any]:
    """What the rule comes to; also by two misreadings of it: that stopped jobs count among those before, and that values are compared.

    ``shift`` is added to each median but 0.5. This is the AUC of jobs that have learned nothing, and its averages have no rounding error.
    """
    completed, stopped, found, billed, rounds = [], [], [], 0.0, 0
    for place, job in enumerate(jobs):
        auc, most = job["auc"], len(job["auc"])
        behind = (
            report
            for report in range(1, most)
            if len(completed) >= 3
            and auc[report - 1] < _shifted(median(fmean(other[:report]) if averages else other[report - 1] for other in completed), shift)
        )
        end = next(behind, most)
        if end < most:
            stopped.append(place)
        if end == most or stopped_count:
            completed.append(auc)
        rounds += 5 * (most - end)
        billed += setup + job["seconds"] * end / most
        found.append(auc[end - 1])
    whole = sum(setup + job["seconds"] for job in jobs)
    return {"stopped": stopped, "rounds": rounds, "saved": 1 - billed / whole, "auc": max(job["auc"][-1] for job in jobs) - max(found)}


def _shifted(middle: float, shift: float) -> float:
    """A median with the ``shift`` of `right_measure`."""
    return middle if middle == 0.5 else middle + shift


def _rounding_decides(jobs: list[dict], setup: float) -> bool:
    """Whether a value is so near to a median of averages that the rounding error of an average decides which is larger."""
    lower, higher = (right_measure(jobs, setup, shift=shift) for shift in (-ROUNDING, ROUNDING))
    return lower != higher


def _searches(rng: random.Random, count: int) -> list[tuple[list[dict], float]]:
    """Searches of which in half the rule costs something: mostly it costs nothing, and nobody would have to measure it."""
    dear: list = []
    free: list = []
    while min(len(dear), len(free)) < count // 2:
        case = finished_jobs(rng, _trials())
        if _rounding_decides(*case):
            continue
        (dear if right_measure(*case)["auc"] > 2 * NEAR else free).append(case)
    return rng.sample(dear[: count // 2] + free[: count // 2], count)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    cases = _searches(answer.rng, 12)
    wanted = [right_measure(*case) for case in cases]
    given = []
    for case in cases:
        got = measured(answer, report, *case, "stopped")
        if got is None:
            return
        given.append(got)
    pairs = list(zip(given, wanted, strict=True))
    good = [got["stopped"] == want["stopped"] for got, want in pairs]
    said = f"For {sum(good)} of {len(cases)} unseen searches the stopped jobs are the right ones."
    report.part("stopped", sum(good) / len(good), f"{said} {_stopped_hint(pairs, cases)}")
    saved = [got["rounds"] == want["rounds"] and near(got["saved"], want["saved"], SHARE_NEAR) for got, want in pairs]
    said = f"For {sum(saved)} of {len(cases)} what was saved is right, in rounds and of the bill."
    report.part("saved", sum(saved) / len(saved), f"{said} {_saved_hint(pairs, cases)}")
    cost = [near(got["auc"], want["auc"], NEAR) for got, want in pairs]
    said = f"For {sum(cost)} of {len(cases)} what it cost in AUC is right."
    hint = (
        ""
        if all(cost)
        else "A stopped job keeps the value that it reported last; what is the best of all values, with and without stopping?"
    )
    report.part("cost", sum(cost) / len(cost), f"{said} {hint}")


def _stopped_hint(pairs: list[tuple[dict, dict]], cases: list[tuple[list[dict], float]]) -> str:
    if all(got["stopped"] == want["stopped"] for got, want in pairs):
        return ""
    if any(set(got["stopped"]) & {0, 1, 2} for got, _ in pairs):
        return "Some stop before there were three completed jobs to compare with."
    given = [got["stopped"] for got, _ in pairs]
    if given == [right_measure(*case, stopped_count=True)["stopped"] for case in cases]:
        return "Yours are those of a rule in which stopped jobs are among the ones before: which of them completed?"
    if given == [right_measure(*case, averages=False)["stopped"] for case in cases]:
        return "Yours are those of a rule that compares values with values: of what is the median taken?"
    return "Compare each report with the median of averages up to that report, over the jobs that completed before."


def _saved_hint(pairs: list[tuple[dict, dict]], cases: list[tuple[list[dict], float]]) -> str:
    if all(got["rounds"] == want["rounds"] for got, want in pairs):
        shares = [got["rounds"] / (100 * len(jobs)) for (got, _), (jobs, _) in zip(pairs, cases, strict=True)]
        if all(near(got["saved"], share, SHARE_NEAR) for (got, _), share in zip(pairs, shares, strict=True)):
            return "The rounds are right, and `saved` is their share: does every round take as long, and is nothing else paid for?"
        return (
            ""
            if all(near(got["saved"], want["saved"], SHARE_NEAR) for got, want in pairs)
            else "The rounds are right; what else is on the bill of a job?"
        )
    return "A job that is stopped at a report has trained the rounds up to it; which rounds are saved?"


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    judge_within(answer, report, f"trial-{answer.token()}", trial(answer.rng, jobs=7, turns=2))  # four at a time; in practice three
