"""m06_1: what to tune, over which ranges, a tuning job, and what goes wrong with its objective."""

from collections.abc import Iterable

from course.exercises.broken_searches import TICKETS
from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.exercise import stored

from .m06_1_cases import KINDS, PRACTICE_SETTINGS
from .m06_1_diagnosis import FAULTS, rerun, uncited
from .m06_1_probe import judge_again, judge_search, ticket
from .m06_1_replay import BOUNDS, CLIFF, JOBS, TOO_FEW, Brief, Steps, expected_best

PRACTICE_STEPS = (((48, 160), 8), ((1200, 4000), 1), ((1200, 4000), 9))  # batch sizes and epochs

ex1 = Exercise(
    id="m06_1_ex1",
    title="Decide what to tune",
    section="What there is to tune",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.25},
    evidence={"decide": Function("decide(setting: dict) -> str")},
    skills={"C01": ["2.2.K7"], "C02": ["2.2.3"]},
    topics=["tune.params"],
    seconds=10,
    hints=(
        "Ask the three questions in their order. Two of them need no score at all.",
        "The third: an average for each value, the largest less the smallest; and beside it how far repeats of one value lie from each "
        "other. `statistics.variance` gives the square of a standard deviation.",
        "Return for `set_by` first; then for what `changes` lacks or holds too much; then compare `max(averages) - min(averages)` with "
        "`2 * fmean(variances) ** 0.5`.",
    ),
)

ex2 = Exercise(
    id="m06_1_ex2",
    title="Design the ranges of the next search",
    section="Ranges",
    pattern=3,
    parts={"practice": 0.25, "rescued": 0.75, "narrowed": 1.5},
    evidence={"next_ranges": Function("next_ranges(first: list[dict], trials: list[dict]) -> list[dict]")},
    skills={"C01": ["2.2.K7"], "C02": ["2.2.3"]},
    topics=["tune.jobs"],
    seconds=20,
    hints=(
        "Sort the trials by their AUC. What have the good ones in common that the others have not?",
        "For each hyperparameter, look at the values of the good trials alone: where do they begin and end? Which scale lets a search "
        "try small values as often as large ones? And what do trials tell that are all alike?",
        "Good ones: the best third, without those as bad as the worst. Fewer than twelve: keep all bounds, change the scale. Else "
        "from the smallest good value (from `MinValue` where the first search was linear) to the largest.",
    ),
)

ex3 = Exercise(
    id="m06_1_ex3",
    title="Run a tuning job and find its winner",
    section="A tuning job",
    parts={"limits": 0.5, "objective": 0.5, "ranges": 0.25, "winner": 0.75},
    evidence={"search": Function("search(train: str, validation: str, jobs: int, seconds: int) -> dict")},
    skills={"C01": ["2.2.S4"], "C02": ["2.2.3"]},
    topics=["tune.jobs"],
    seconds=120,
    hints=(
        "With the SDK, `trainer` stays as it is: which arguments of the tuner change, and which one is new? With boto3, what all training "
        "jobs share is `definition(...)`; what is searched, the configuration.",
        "`tuner.best_training_job()` is the winner's name; with boto3, `wait_for_tuning` returns a description that holds "
        "`BestTrainingJob`. What does that training job's own description say of its model?",
        "`HyperparameterTuner(...)` with `max_jobs=jobs` and `max_runtime_in_seconds=seconds`, then `tune(inputs=..., job_name=name)`. "
        "With boto3, these two are in `ResourceLimits`. Then `describe_training_job(TrainingJobName=best)`.",
    ),
)

ex4 = Exercise(
    id="m06_1_ex4",
    title="Break it: diagnose and repair five searches",
    section="Five searches that found nothing",
    pattern=4,
    parts={"form": 0.25, "cause": 0.75, "evidence": 0.5, "repair": 1},
    evidence={"diagnoses": Value(dict), "repairs": Value(dict)},
    skills={"C01": ["2.2.S4", "4.2.S1"], "C02": ["2.2.3"]},
    topics=["tune.jobs"],
    seconds=60,
    hints=(
        "Three things must fit each other: what the program prints, what the regular expression looks for, and what the objective names. "
        "Lay them side by side for each ticket.",
        "`re.search(regex, line)` for each line of the log: what does the objective's expression find, and which find was the last? "
        "Where it finds what it should, ask who won.",
        'One entry: `diagnoses["ticket-9"] = {"cause": "regex", "stream": "<name of a stream>", "line": "validation AUC 0.68"}` and '
        '`repairs["ticket-9"] = {"TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions.validation:auc.Regex": r"..."}`.',
    ),
)

ex5 = Exercise(
    id="m06_1_ex5",
    title="Stretch: a learning rate's range for any number of steps",
    section="A network",
    pattern=3,
    parts={"practice": 0.25, "regret": 1.25},
    evidence={"rate_range": Function("rate_range(batch_size: list, epochs: int) -> list")},
    skills={"C01": ["2.2.K1", "2.2.K7"], "C02": ["2.2.7", "2.2.3"]},
    topics=["tune.network"],
    seconds=60,
    hints=(
        "Steps, not epochs, move the weights. How many are there in the two pictures, and where does the good range lie in each?",
        "Take some batch sizes and epochs, and look for the range whose rows have the best `expected_best(auc, 3)`. Write down its middle "
        "beside the number of steps: what do both give together?",
        "`steps = epochs * 10_000 / (low * high) ** 0.5`; the middle times the steps is about the same everywhere; the range goes from a "
        "part of the middle to a multiple of it, and has an end at 1.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    for setting, kind, question in PRACTICE_SETTINGS:
        got = decided(answer, report, setting, "practice")
        said = f"`decide({setting})` returned {got!r}, which does not fit: {question}"
        if got is None or not report.part("practice", got == kind, said):
            return


def decided(answer: Answer, report: Report, setting: dict, part: str) -> str | None:
    """The learner's decision; reports the part and returns None when it is none of the three."""
    got = answer.call("decide", setting)
    good = report.part(part, got in KINDS, f"`decide(...)` returned {got!r}; expected one of the three words of the text.")
    return got if good else None


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for linear in ((), (CLIFF, "eta", "lambda"), tuple(BOUNDS)):
        brief = Brief(answer.rng, linear)
        ranges = designed(answer, report, brief, "practice")
        if ranges is None or not _as_good_as_wide(report, brief, ranges, len(linear)):
            return


def _as_good_as_wide(report: Report, brief: Brief, ranges: list[dict], linear: int) -> bool:
    """Whether ranges find what all bounds would, or more after a search without linear scales; reports the part ``practice``."""
    rows, space = brief.unseen, brief.space(ranges)
    found, wide = expected_best(rows, space), expected_best(rows, brief.wide)
    said = f"`next_ranges(...)` for a practice search with {linear or 'no'} linear scales: "
    few = "your ranges have so few trained trials that nothing can be said of them; "
    few += "make them wider, or draw small values as often as large ones."
    if not report.part("practice", found > 0, said + few):
        return False
    said += f"the best of {JOBS} would have an AUC of {found:.4f} on average, and of {wide:.4f} over all bounds on logarithmic scales. "
    if linear:
        return report.part("practice", found >= wide - 0.005, f"{said}What does it tell that no small value was good, if none was tried?")
    return report.part("practice", found > wide, f"{said}What have the good trials in common that the others have not?")


def designed(answer: Answer, report: Report, brief: Brief, part: str) -> list[dict] | None:
    """The learner's ranges; reports the part and returns None when AWS would not take them, or they leave the bounds."""
    got = answer.call("next_ranges", brief.first, brief.trials)
    problem = _problem(got, {each["Name"]: each for each in brief.first})
    return got if report.part(part, not problem, f"`next_ranges(...)` {problem or 'returned ranges'}") else None


def _problem(got: list[dict], bounds: dict[str, dict]) -> str:
    members = {"Name", "MinValue", "MaxValue", "ScalingType"}
    for each in got:
        if set(each) != members:
            return f"returned a range with the members {sorted(each)}; expected those of a range in `first`."
        if not all(isinstance(value, str) for value in each.values()):
            return f"returned {each}; AWS takes text alone, also for numbers."
    if sorted(each["Name"] for each in got) != sorted(bounds):
        return f"returned ranges of {[each['Name'] for each in got]}; expected one of each hyperparameter of `first`."
    for each in got:
        try:
            low, high = float(each["MinValue"]), float(each["MaxValue"])
        except ValueError:
            return f"returned {each}; expected numbers as `MinValue` and `MaxValue`."
        least, most = (float(bounds[each["Name"]][end]) for end in ("MinValue", "MaxValue"))
        if not least * (1 - 1e-6) <= low < high <= most * (1 + 1e-6):
            return f"returned {each}; expected `MinValue` below `MaxValue`, both within the bounds of `first`."
        if each["ScalingType"] not in ("Linear", "Logarithmic"):
            return f"returned {each}; expected `Linear` or `Logarithmic` as its scale."
    return ""


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    judge_search(answer, report, jobs=3, seconds=600)
    if all(part.share in (None, 1) for part in report.parts):
        judge_again(answer, report)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    if not check_form(answer, report):
        return
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    searches = {name: ticket(sagemaker, logs, name) for name in TICKETS}
    wrong = [message for name in TICKETS if (message := uncited(searches[name], name, diagnoses[name]))]
    report.part("evidence", 1 - len(wrong) / len(TICKETS), all_of(wrong))
    if wrong or report.phase != "practice":  # at grading the graded check runs them
        return
    found = []
    for name in TICKETS:
        report.doing(f"runs {name} again with your repair")
        found.append(rerun(answer, searches[name], name, repairs[name], diagnoses[name]["cause"]))
    report.part("repair", sum(share for share, _ in found) / len(TICKETS), all_of(message for _, message in found))


def all_of(messages: Iterable[str]) -> str:
    """What is wrong with each ticket, in one text."""
    return " ".join(filter(None, messages)) or "Nothing is wrong."


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    for called, given in (("diagnoses", diagnoses), ("repairs", repairs)):
        if set(given) != set(TICKETS):
            return report.part("form", False, f"`{called}` has the keys {sorted(map(str, given))}; expected the five tickets.")
    wrong = [_malformed(name, diagnoses[name], repairs[name]) for name in TICKETS]
    return report.part("form", not any(wrong), all_of(wrong))


def _malformed(name: str, diagnosis: object, repair: object) -> str:
    """What is wrong with the form of a ticket's diagnosis or repair, "" when nothing is."""
    members = isinstance(diagnosis, dict) and set(diagnosis) == {"cause", "stream", "line"}
    if not members or not all(isinstance(value, str) for value in diagnosis.values()):
        return f"The diagnosis of {name} is {diagnosis!r}; expected 'cause', 'stream' and 'line', all of them text."
    if diagnosis["cause"] not in FAULTS:
        return f"The cause of {name} is {diagnosis['cause']!r}; expected a word of the table."
    if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
        return f"The repair of {name} is {repair!r}; expected a dict from the path of a field to its new value."
    return ""


@ex5.practice
def practice_ex5(answer: Answer, report: Report) -> None:
    given = []
    for drawn, best in zip(PRACTICE_STEPS, stored.outcomes(__file__), strict=True):
        case = Steps(*drawn)
        got = rated(answer, report, case, "practice")
        if got is None or not _better_than_blind(report, case, got, best):
            return
        given.append(got)
    report.part("practice", given[0] != given[1], f"`rate_range` returned {given[0]} for many steps and for few: how far must each go?")


def _better_than_blind(report: Report, case: Steps, got: list[float], best: float) -> bool:
    """Whether rates of a range win at least half of what the best range wins over all rates; reports the part ``practice``."""
    found, everywhere = case.best(*got), case.best(1e-5, 1)
    said = f"`rate_range({list(case.window)}, {case.epochs})` returned {got}: "
    if not report.part("practice", found > TOO_FEW, f"{said}hardly any training of the table has such a rate; make the range wider."):
        return False
    said += f"the best of three has an AUC of {found:.4f} on average with such rates, and {everywhere:.4f} over all rates. "
    better = (
        "The best range gains over all rates more than twice what yours gains."
        if found > everywhere
        else "Your range finds less than a search over all rates."
    )
    more = f"{better} How many steps are there?"
    return report.part("practice", 2 * (found - everywhere) >= best - everywhere, said + more)


def rated(answer: Answer, report: Report, case: Steps, part: str) -> list[float] | None:
    """The learner's range; reports the part and returns None when it is none."""
    got = answer.call("rate_range", list(case.window), case.epochs)
    numbers = len(got) == 2 and all(isinstance(end, int | float) and not isinstance(end, bool) for end in got)
    good = numbers and 1e-5 <= got[0] < got[1] <= 1
    said = f"`rate_range({list(case.window)}, {case.epochs})` returned {got}; expected two numbers from 0.00001 to 1, the smaller first."
    return got if report.part(part, good, said) else None
