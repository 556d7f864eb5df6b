# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m06_1."""

from collections import Counter
from statistics import fmean

from course.grading import Answer, Report
from course.grading.scoring import rule_share

from .m06_1 import all_of, check_form, decided, designed, ex1, ex2, ex3, ex4, ex5, rated
from .m06_1_cases import LUCK, MODEL, YARDSTICK
from .m06_1_diagnosis import rerun, uncited
from .m06_1_drawn_hidden import by_range, effect, settings, steps
from .m06_1_faults_hidden import planted
from .m06_1_probe import judge_search, ticket
from .m06_1_replay import BOUNDS, TOO_FEW, Brief, Steps, expected_best

# Which hyperparameters the first searches had on a linear scale; the first of each has a cliff.
SPOILED = (
    ("min_child_weight",),
    ("min_child_weight", "gamma"),
    ("min_child_weight", "eta", "lambda"),
    ("min_child_weight", "alpha", "subsample"),
    tuple(BOUNDS),
)
LOGARITHMIC = 8  # first searches without any
# Measured with 24 first searches of each kind, for the best of six. After linear scales: the first ranges kept cost 0.022 to 0.14 of
# AUC, the reference at most 0.002, other ways to narrow by the good trials at most 0.0041. After logarithmic ones, as a share of
# what `TOP` is above all bounds: the reference wins 0.53 +- 0.08 a search (on average of eight +- 0.03), other shares of the good trials
# 0.48 to 0.65; a tenth or a fifth cut off blindly on both sides 0.24, twenty trials chosen blindly 0.21, one side cut off less than
# nothing. Rows of a committed table decide: no library's version moves these figures.
AS_GOOD, TOP, NO_GAIN, FULL_GAIN = 0.005, 0.7125, 0.28, 0.4
# Measured over 200 sets of cases, the worse of those with the fewest and those with the most steps: a rate of 0.2 divided by the steps, in
# a range of 2.5 times both ways, has 0.0004 less AUC than the best ranges (at most 0.0021), of 3 times both ways 0.0029 (at most 0.0065);
# a power of 0.85, 0.0024 (at most 0.0062); the best range for all cases 0.0118, at least 0.0092. Rows of a committed table decide: no
# library's version moves these figures.
FULL_REGRET, NO_REGRET = 0.0075, 0.009


def kind_of(setting: dict) -> str:
    """What the three questions of the text make of a setting."""
    if setting["set_by"] == "training":
        return "parameter"
    if MODEL not in setting["changes"] or {YARDSTICK, LUCK} & set(setting["changes"]):
        return "fix"
    return "tune" if effect(setting["auc"]) > 2 else "fix"


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    cases, given = settings(answer.rng), []
    for setting in cases:
        got = decided(answer, report, setting, "unseen")
        if got is None:
            return
        given.append(got)
    wanted = [kind_of(setting) for setting in cases]
    missed = [(setting, want) for setting, got, want in zip(cases, given, wanted, strict=True) if got != want]
    share = rule_share(given, [{want} for want in wanted])
    report.part("unseen", share, f"{40 - len(missed)} of 40 unseen settings were decided rightly. {_why(missed)}")


def _why(missed: list[tuple[dict, str]]) -> str:
    if not missed:
        return ""
    if all(want == "parameter" for _, want in missed):
        return "All misses are set by the training: where does your rule use `set_by`?"
    if all({YARDSTICK, LUCK} & set(setting["changes"]) for setting, _ in missed):
        return "All misses change more than the model: is the best of their scores really the best model?"
    if all(MODEL not in setting["changes"] for setting, _ in missed):
        return "All misses leave the model as it is: where does your rule look for it in `changes`?"
    yours = [setting for setting, _ in missed if setting["set_by"] == "you" and not {YARDSTICK, LUCK} & set(setting["changes"])]
    if len(yours) == len(missed):
        return "All misses hang on the scores: by how much do averages differ, and by how much do repeats of one value?"
    return "Ask the three questions of the text in their order."


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    rescued, gains, empty = [], [], 0
    for linear in (*SPOILED, *[()] * LOGARITHMIC):
        brief = Brief(answer.rng, linear)
        part = "rescued" if linear else "narrowed"
        ranges = designed(answer, report, brief, part)
        if ranges is None:
            return
        rows, space = brief.unseen, brief.space(ranges)
        found, wide = expected_best(rows, space), expected_best(rows, brief.wide)
        empty += not found
        if linear:
            rescued.append(found >= wide - AS_GOOD)
        else:
            gains.append(min(1.0, max(-1.0, (found - wide) / (TOP - wide))) if found else 0.0)
    few = f"In {empty} of all these searches your ranges have so few trained trials that nothing can be said." if empty else ""
    report.part(
        "rescued",
        sum(rescued) / len(rescued),
        f"After {sum(rescued)} of {len(rescued)} searches with linear scales your ranges find what logarithmic scales over all bounds "
        f"would. Where hardly any small values were tried, what does it tell that none of them was good? {few}",
    )
    gain = fmean(gains)
    report.part(
        "narrowed",
        min(1.0, max(0.0, (gain - NO_GAIN) / (FULL_GAIN - NO_GAIN))),
        f"After searches on logarithmic scales your ranges win {gain:.0%} of what the best ones would. "
        f"What have the good trials in common, hyperparameter by hyperparameter, that the others have not? {few}",
    )


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    judge_search(answer, report, jobs=answer.rng.choice((2, 4)), seconds=answer.rng.randint(400, 1500))


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    causes, diagnoses, repairs = planted(answer.variant()), answer.value("diagnoses"), answer.value("repairs")
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    searches = {name: ticket(sagemaker, logs, name) for name in causes}
    if not check_form(answer, report):
        return
    named = {name: diagnoses[name]["cause"] == cause for name, cause in causes.items()}
    report.part("cause", sum(named.values()) / 5, f"{sum(named.values())} of 5 causes are right. {_confused(causes, diagnoses)}")
    shown = [named[name] and not uncited(searches[name], name, diagnoses[name]) for name in causes]
    report.part(
        "evidence",
        sum(shown) / 5,
        f"{sum(shown)} of 5 diagnoses are right and cite a line that shows it, and no other kind of line.",
    )
    found = []
    for name, cause in causes.items():
        report.doing(f"runs {name} again with your repair")
        found.append(rerun(answer, searches[name], name, repairs[name], cause))
    report.part("repair", sum(share for share, _ in found) / 5, all_of(message for _, message in found))


def _confused(causes: dict[str, str], diagnoses: dict[str, dict]) -> str:
    said = Counter(diagnoses[name]["cause"] for name in causes)
    if len(said) == 1:
        return "Are they all of one kind? Compare what the five programs printed."
    return "What did the program print, what does the expression find in it, and what does the objective name?"


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    cases, given = [Steps(*drawn) for drawn in steps(answer.rng)], []
    for case in cases:
        got = rated(answer, report, case, "regret")
        if got is None:
            return
        given.append(got)
    found = [case.best(*got) for case, got in zip(cases, given, strict=True)]
    best = [max(by_range(case).values()) for case in cases]
    ordered = sorted(range(len(cases)), key=lambda place: cases[place].steps)
    regrets = [fmean(best[place] - found[place] for place in places) for places in (ordered[:4], ordered[-4:])]
    share = min(1.0, max(0.0, (NO_REGRET - max(regrets)) / (NO_REGRET - FULL_REGRET)))
    said = f"The best of three has {regrets[0]:.4f} less AUC in your ranges than in the best ones where steps are fewest, "
    report.part("regret", share, f"{said}{regrets[1]:.4f} where they are most. {_rates_hint(cases, given, found, best)}")


def _rates_hint(cases: list[Steps], given: list[list[float]], found: list[float], best: list[float]) -> str:
    """What the ranges have in common, said as a question."""
    if all(got == given[0] for got in given):
        return "They are the same for all cases: how many steps are there in each?"
    if any(auc == TOO_FEW for auc in found):
        return "Some hold so few trainings of the table that nothing can be said of them."
    ordered = sorted(zip(cases, given, strict=True), key=lambda pair: pair[0].steps)
    (_, few), (_, many) = ordered[0], ordered[-1]
    if few[0] * few[1] <= many[0] * many[1]:
        return "Where steps are few you take the smaller rates: how far must each of few steps go?"
    worst = max(range(len(cases)), key=lambda place: best[place] - found[place])
    return f"Most is lost where there are {cases[worst].steps:.0f} steps: where do the good rates lie there, and how wide is your range?"
