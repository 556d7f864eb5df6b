"""m06_2: what a search is worth: strategies, warm start, early stopping, and a plan for a deadline and a price."""

from collections import Counter
from functools import cache
from typing import Any

from course import datasets
from course.grading import Answer, Exercise, Function, Report
from course.grading.scoring import near

from .m06_2_cases import IDENTICAL, LIMITS, PLAN_LIMITS, PLANS, TRANSFER, VERDICTS, broken, illegal
from .m06_2_practice import (
    PRACTICE_BRIEFS,
    PRACTICE_COMPARISONS,
    PRACTICE_EDITS,
    PRACTICE_JOBS,
    PRACTICE_SETUP,
    PRACTICE_WARM,
)
from .m06_2_search import Pool, outcome

PRACTICE_SEEDS = (62, 63, 64)
NEAR = 5e-5  # AUC is given to four digits, and so may differences be
SHARE_NEAR = 1e-4

ex1 = Exercise(
    id="m06_2_ex1",
    title="Compare two strategies, and say when you cannot tell",
    section="Twenty seeds, one budget",
    pattern=1,
    parts={"practice": 0.25, "difference": 0.5, "verdict": 1.25},
    evidence={"compare": Function("compare(first: list[dict], second: list[dict], matters: float) -> dict", digits=4)},
    skills={"C01": ["2.2.K6"], "C02": ["2.2.3"]},
    topics=["tune.strategies"],
    seconds=10,
    hints=(
        "First make of each seed that both have one number: the best AUC of the first strategy less that of the second. Of how many jobs?",
        "All that follows looks at these numbers alone: their mean, their standard deviation, how many they are. Where does the "
        "interval lie, "
        "beside 0 and beside `matters` on either side?",
        "`low, high = mean - 2.1 * error, mean + 2.1 * error`. Ask first whether all of it lies between `-matters` and "
        "`matters`, then whether "
        "`low > 0`, then whether `high < 0`.",
    ),
)

ex2 = Exercise(
    id="m06_2_ex2",
    title="Make another strategy right by one change",
    section="Which strategy suits",
    pattern=2,
    parts={"practice": 0.25, "legal": 0.5, "flips": 1.5},
    evidence={"changed": Function("changed(search: dict, strategy: str) -> dict")},
    skills={"C01": ["2.2.K6"], "C02": ["2.2.3"]},
    topics=["tune.strategies"],
    seconds=20,
    hints=(
        "Write the team's table as a function first: which strategy suits a search as it stands? Then look at what keeps the wanted one "
        "from being it.",
        "A question further up may have to become a no, or the wanted one's own question a yes. Each holds two conditions or numbers: "
        "which of them can one field settle, and with which value that is still paid for?",
        "You may let the computer look: for each field, for each value on either side of a border of the table, make the changed "
        "copy, ask your "
        "function which strategy suits it, and whether it is allowed.",
    ),
)

ex3 = Exercise(
    id="m06_2_ex3",
    title="Choose kind and parents of a warm start",
    section="Begin where others ended",
    pattern=1,
    parts={"practice": 0.25, "kind": 0.75, "parents": 1},
    evidence={"warm_start": Function("warm_start(new: dict, earlier: list[dict]) -> dict | None")},
    skills={"C01": ["2.2.S4"], "C02": ["2.2.3"]},
    topics=["tune.warm"],
    seconds=10,
    hints=(
        "Sort the earlier ones out first: which can be parents at all? Only then look at which are identical.",
        "Names searched and names fixed together must be the same names, wherever each stands; the kind of a hyperparameter "
        "matters only where "
        "both search it. The algorithm is what stands before the colon of the image.",
        "`parents = [job for job in earlier if possible(job)]`; `same = [... with the data and image of new]`; take `same` or "
        "else `parents`, "
        "sort by `succeeded`, keep five; None when there is none.",
    ),
)

ex4 = Exercise(
    id="m06_2_ex4",
    title="Measure what early stopping saves, and what it costs",
    section="Stop what will not win",
    parts={"practice": 0.25, "stopped": 0.5, "saved": 0.5, "cost": 0.5},
    evidence={"early_stopping": Function("early_stopping(jobs: list[dict], setup: float) -> dict", digits=4)},
    skills={"C01": ["2.2.K2"], "C02": ["2.2.4"]},
    topics=["tune.early"],
    seconds=10,
    hints=(
        "Go through the jobs in their order and keep a list of those that completed. The first three always do.",
        "The median is over averages: for each completed job, the mean of its AUC up to this report. A stopped job is not in "
        "that list, and "
        "what it saves are the rounds after the report at which it was stopped.",
        "For report k of 1 to 19: `value < median(mean(done['auc'][:k]) for done in completed)`. The bill of a job is `setup` "
        "and its share of "
        "`seconds`; `saved` compares the sum of these bills with that of all jobs trained to their end.",
    ),
)

ex5 = Exercise(
    id="m06_2_ex5",
    title="Stretch: plan a search for a deadline and a price",
    section="A plan for a deadline and a price",
    pattern=3,
    parts={"practice": 0.25, "kept": 1, "found": 0.75},
    evidence={"plan": Function("plan(brief: dict) -> dict")},
    skills={"C01": ["2.3.S2"], "C02": ["2.1.6"]},
    topics=["tune.strategies", "tune.jobs"],
    seconds=120,
    hints=(
        "How many average jobs does the money pay for? How many of them fit the deadline one after the other? The rest follows.",
        "Money alone gives the number of jobs, since a minute is billed at any time; then the deadline gives how many at a time, "
        "and no more than that. "
        "A bill is not known before: how far above the average may it be?",
        "`jobs = 0.8 * usd / usd_hour * 60 / (setup + training)`; `in_turn = 0.8 * deadline / (wait + setup + training)`; at a time: "
        "`jobs / in_turn`, rounded up. Then replay it with some seeds.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    for case, verdict, difference, question in PRACTICE_COMPARISONS:
        got = compared(answer, report, case, "practice")
        if got is None:
            return
        wrong = [
            name
            for name, good in (("difference", near(got["difference"], difference, NEAR)), ("verdict", got["verdict"] == verdict))
            if not good
        ]
        bests = [{search["seed"]: search["auc"] for search in case[name]} for name in ("first", "second")]
        said = f"`compare({bests[0]}, {bests[1]}, {case['matters']})`, searches by their seeds, returned {got}. "
        if not report.part("practice", not wrong, f"{said}Look again at its {' and '.join(wrong)}: {question}"):
            return


def compared(answer: Answer, report: Report, case: dict, part: str) -> dict | None:
    """The learner's comparison; reports the part and returns None when it is none."""
    got = answer.call("compare", case["first"], case["second"], case["matters"])
    called = f"`compare(...)` returned {got!r}"
    if not report.part(part, set(got) == {"difference", "verdict"}, f"{called}; expected the keys 'difference' and 'verdict'."):
        return None
    if not report.part(part, got["verdict"] in VERDICTS, f"{called}; expected one of the four verdicts."):
        return None
    number = type(got["difference"]) in (int, float)
    return got if report.part(part, number, f"{called}; expected a number as the difference.") else None


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for search, strategy, right, question in PRACTICE_EDITS:
        got = edited(answer, report, search, strategy, "practice")
        if got is None:
            return
        [field] = differing(search, got)
        good = field in right and right[field][0] <= got[field] <= right[field][1]
        said = f"{_said(search, strategy, got)} The search is legal, but by the team's table another strategy suits it: {question}"
        if not report.part("practice", good, said):
            return


def edited(answer: Answer, report: Report, search: dict, strategy: str, part: str) -> dict | None:
    """The learner's changed search; reports the part and returns None when the change is not one that is allowed."""
    got = answer.call("changed", search, strategy)
    if reason := forbidden(search, got):
        report.part(part, False, f"{_said(search, strategy, got)} {reason}.")
        return None
    return got


def forbidden(search: dict, got: dict) -> str:
    """Why the one may not be made of the other, "" when it may."""
    if missing := [name for name in search if name not in got]:
        return f"These fields are missing: {', '.join(missing)}"
    if added := sorted(map(str, got.keys() - search.keys())):
        return f"These fields were not there before: {', '.join(added)}"
    differ = differing(search, got)
    if len(differ) != 1:
        return f"{len(differ)} fields differ{': ' if differ else ''}{', '.join(differ)}; expected exactly one"
    if differ[0] not in LIMITS:
        return f"`{differ[0]}` is not yours to change"
    why = illegal(got)
    return why and f"There is no such search: {why}"


def differing(search: dict, got: dict) -> list[str]:
    """The fields in which two searches with the same fields differ."""
    return [name for name in search if got[name] != search[name]]


def _said(search: dict, strategy: str, got: Any) -> str:
    return f"`changed({search}, {strategy!r})` returned {got!r}."


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    for new, earlier, kind, parents, question in PRACTICE_WARM:
        got = started(answer, report, new, earlier, "practice")
        if got is None:
            return
        listed = "; ".join(f"{job['name']} ({job['status']}, {job['succeeded']} succeeded, {_differs(job, new)})" for job in earlier)
        said = f"For {new['name']!r} ({_noted(new)}) and the earlier {listed}, `warm_start(...)` chose {got[0]!r} "
        said += f"with the parents {got[1]}, which does not suit: {question}"
        if not report.part("practice", got[0] == kind and sorted(got[1]) == sorted(parents), said):
            return


def _noted(job: dict) -> str:
    return ", ".join(_members(job))


def _members(job: dict) -> list[str]:
    searched = ", ".join(f"{name} ({kind})" for name, kind in job["ranges"].items())
    return [job["image"], job["data"], job["objective"], f"searches {searched}", f"static {', '.join(job['static'])}"]


def _differs(job: dict, new: dict) -> str:
    """What an earlier tuning job has otherwise than the new one; all of it for seven jobs would be too much to read."""
    different = [member for member, there in zip(_members(job), _members(new), strict=True) if member != there]
    return ", ".join([*different, "the rest as the new one"])


def started(answer: Answer, report: Report, new: dict, earlier: list[dict], part: str) -> tuple[str | None, list[str]] | None:
    """Kind and parents of the learner's warm start, kind None for a start from nothing; None, reported, if it is neither."""
    got = answer.call("warm_start", new, earlier)
    if got is None:
        return None, []
    called = f"`warm_start(...)` returned {got!r}"
    members = {"WarmStartType", "ParentHyperParameterTuningJobs"}
    if not report.part(part, set(got) == members, f"{called}; expected the two members of WarmStartConfig, or None."):
        return None
    kind, parents = got["WarmStartType"], got["ParentHyperParameterTuningJobs"]
    if not report.part(part, kind in (IDENTICAL, TRANSFER), f"{called}; expected a type that the API knows."):
        return None
    form = isinstance(parents, list) and all(isinstance(each, dict) and set(each) == {"HyperParameterTuningJobName"} for each in parents)
    if not report.part(part, form and bool(parents), f"{called}; expected a list with a HyperParameterTuningJobName for each parent."):
        return None
    names = [each["HyperParameterTuningJobName"] for each in parents]
    known = len(set(map(str, names))) == len(names) and set(map(str, names)) <= {job["name"] for job in earlier}
    return (kind, names) if report.part(part, known, f"{called}; expected names of earlier tuning jobs, each once.") else None


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    for jobs, stopped, rounds, saved, lost, question in PRACTICE_JOBS:
        got = measured(answer, report, jobs, PRACTICE_SETUP, "practice")
        if got is None:
            return
        wrong = []
        if got["stopped"] != stopped:
            wrong.append(f"`stopped` does not fit: {question}")
        elif got["rounds"] != rounds or not near(got["saved"], saved, SHARE_NEAR):
            wrong.append("`rounds` or `saved` does not fit: after how many rounds did each stop, and what is paid for although it stopped?")
        if not near(got["auc"], lost, NEAR):
            wrong.append("`auc` does not fit: what would the search have found without stopping, what did it find, each by last values?")
        said = f"For {len(jobs)} practice jobs, `early_stopping(...)` returned {got}. "
        if not report.part("practice", not wrong, said + " ".join(wrong)):
            return


def measured(answer: Answer, report: Report, jobs: list[dict], setup: float, part: str) -> dict | None:
    """What the learner measured; reports the part and returns None when it is no measurement."""
    got = answer.call("early_stopping", jobs, setup)
    called = f"`early_stopping(...)` returned {got!r}"
    wanted = {"stopped", "rounds", "saved", "auc"}
    if not report.part(part, set(got) == wanted, f"{called}; expected the keys {sorted(wanted)}."):
        return None
    numbers = all(type(got[name]) in (int, float) for name in wanted - {"stopped"})
    places = isinstance(got["stopped"], list) and all(type(place) is int for place in got["stopped"])
    return got if report.part(part, numbers and places, f"{called}; expected a list of places, and three numbers.") else None


@ex5.practice
def practice_ex5(answer: Answer, report: Report) -> None:
    for given in PRACTICE_BRIEFS:
        got = planned(answer, report, given, "practice")
        if got is None:
            return
        report.doing("replays your plan")
        for seed in PRACTICE_SEEDS:
            came_to = outcome(pool(), got, given, seed)
            said = f"For the brief {given}, `plan(...)` returned {got}. Replayed, it takes {came_to['minutes']:.0f} minutes, costs "
            said += f"{came_to['usd']:.2f} dollars and finds an AUC of {came_to['auc']:.4f}. "
            fault = broken(given, came_to)
            if not report.part("practice", not fault, said + plan_hint(Counter([fault]))):
                return


@cache
def pool() -> Pool:
    """The trainings that searches are replayed on."""
    return Pool(datasets.load("tuning_trials"))


def planned(answer: Answer, report: Report, given: dict, part: str) -> dict | None:
    """The learner's plan; reports the part and returns None when it is none."""
    got = answer.call("plan", given)
    called = f"`plan(...)` returned {got!r}"
    if not report.part(part, set(got) == {*PLANS, *PLAN_LIMITS}, f"{called}; expected the keys {sorted({*PLANS, *PLAN_LIMITS})}."):
        return None
    for name, words in PLANS.items():
        if not report.part(part, got[name] in words, f"{called}; expected a word of the exercise as {name!r}."):
            return None
    for name, (least, most) in PLAN_LIMITS.items():
        whole = type(got[name]) is int and least <= got[name] <= most
        if not report.part(part, whole, f"{called}; expected a whole number from {least} to {most} as {name!r}."):
            return None
    return got


def plan_hint(faults: Counter) -> str:
    """What most of the broken promises have in common, said as a question to the plan."""
    fault = max((name for name in faults if name), key=faults.__getitem__, default="")
    return {
        "late": "How many jobs fit the deadline one after the other, and how much slack has an average?",
        "dear": "What does an average job cost, and how far above the average may a whole search be?",
        "small": "More than half of the money is left: how many jobs does it pay for?",
        "hasty": "Over before a third of the time has passed: why in such a hurry, when jobs learn from those that have ended?",
        "": "",
    }[fault]
