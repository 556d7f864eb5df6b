"""m06_2: what a search is worth: strategies, warm start, early stopping, and a search for a deadline and a price."""

from typing import Any

from course.grading import Answer, Exercise, Function, Report
from course.grading.scoring import near

from .m06_2_cases import IDENTICAL, LIMITS, OBJECTIVES, TRANSFER, illegal, repeated, trial
from .m06_2_practice import PRACTICE_EDITS, PRACTICE_JOBS, PRACTICE_SETUP, PRACTICE_WARM
from .m06_2_probe import judge_repeat, judge_within

NEAR = 5e-5  # AUC is given to four digits, and so may differences be
SHARE_NEAR = 1e-4

ex1 = Exercise(
    id="m06_2_ex1",
    title="Repeat a search with another strategy",
    section="Repeat a search",
    pattern=9,
    parts={"changed": 0.5, "same": 0.75, "gain": 0.75},
    evidence={"repeat": Function("repeat(name: str, strategy: str, seed: int) -> dict", digits=4)},
    skills={"C01": ["2.2.K6", "2.2.S4"], "C02": ["2.2.3"]},
    topics=["tune.strategies", "tune.jobs"],
    seconds=120,
    hints=(
        "Everything that the new request needs is in the description of the past search. Which two of its members must change, and "
        "which two things did SageMaker add?",
        "`HyperParameterTuningJob.get(name)` has the configuration and the definition as objects, whose fields you may set before you give "
        "them to `create`; None leaves a field out. With boto3 they are dicts in the answer of `describe_hyper_parameter_tuning_job`.",
        "Both descriptions name the best training job with its objective value, the new one once it has ended. Subtract the past value "
        "from the new one, and change the sign if the objective's type is `Minimize`.",
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
    title="Stretch: run a search for a deadline and a price",
    section="A search for a deadline and a price",
    pattern=9,
    parts={"plan": 0.75, "deadline": 0.25, "start": 0.5, "bill": 0.5},
    evidence={"search_within": Function("search_within(train: str, validation: str, trial: str, brief: dict) -> dict", digits=6)},
    skills={"C01": ["2.3.S2"], "C02": ["2.1.6"]},
    topics=["tune.jobs", "tune.warm"],
    seconds=180,
    hints=(
        "First read what the trial's training jobs were billed. Money alone then gives the number of jobs, and the deadline gives how "
        "many at a time.",
        "A job costs its mean seconds, times the price of an hour, over 3,600. The jobs run in turns, and a turn takes the wait and the "
        "mean seconds: how many turns fit into 80 % of the deadline? The tuner takes `max_runtime_in_seconds`.",
        "`jobs = int(0.8 * usd / cost)`; `turns = int(0.8 * deadline / turn)`; at a time: `jobs / turns`, rounded up. Give the tuner a "
        "name from `aws.unique`, wait, and read the bills of its own training jobs as you read the trial's.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    case, strategy, seed = repeated(answer.rng, ["Random", "Bayesian"], OBJECTIVES[0])
    judge_repeat(answer, report, "practice-m06-2-past", case, strategy, seed)


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
    judge_within(answer, report, "practice-m06-2-trial", trial(answer.rng, jobs=5, turns=2))
