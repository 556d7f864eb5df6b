# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m12_2."""

import pandas as pd

from course.exercises.repairs import changed_by
from course.grading import Answer, Report
from course.grading.citing import shows

from .m12_2 import ex1, ex2, ex3
from .m12_2_alarm import played
from .m12_2_broken import found, judge_form
from .m12_2_days import AIRPORTS, days_of
from .m12_2_days_hidden import unseen
from .m12_2_faults_hidden import FAULTS, SIGNS, planted
from .m12_2_labels import judge_labels
from .m12_2_watch import judged, services, words

TIMES = 2  # services of each kind
# Over 300 draws the best of alarms of the AUC on known days saves 51 % of what the best alarm in hindsight saves, with a deviation of 8;
# never and weekly save nothing, the better of the two on known days -3 %, one low limit on a single day 27 % with a deviation of 23.
ENOUGH = 0.25
# Days that must breach, of the last days, and quantiles of the values of sound days, of which alarms in hindsight are made.
SHAPES = ((1, 1), (2, 2), (2, 3), (3, 3), (3, 4), (4, 5), (4, 7), (6, 7))
QUANTILES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("lets your function write labels of unseen flights twice, and merges them")
    judge_labels(answer, report, f"graded-m12-2-{answer.token()}")


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    """The monitors themselves ran again in the practice check, which grading runs first."""
    if not judge_form(answer, report):
        return
    faults, evidence, repairs = planted(answer.variant()), answer.value("evidence"), answer.value("repairs")
    broken = {each: found(answer, each) for each in faults}
    unshown = [each for each, fault in faults.items() if not shows(evidence[each], broken[each].execution.texts, SIGNS[fault])]
    report.part("evidence", 1 - len(unshown) / len(faults), f"{', '.join(unshown)}: the words cited do not show the fault.")
    elsewhere = [each for each, fault in faults.items() if not changed_by(broken[each].definition, repairs[each]) & FAULTS[fault].keys()]
    report.part("repair", 1 - len(elsewhere) / len(faults), f"{', '.join(elsewhere)}: the change is not of the place at fault.")


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    known, later = {airport: days_of(airport) for airport in AIRPORTS}, unseen()
    found = judged(answer, report, known, later, [case for _ in range(TIMES) for case in services(answer.rng)])
    if not found:
        return
    own, rival = sum(each.result["usd"] for each in found), sum(each.rival for each in found)
    best = sum(min(each.rival, least(later[each.case["airport"]], each.case)) for each in found)
    saved = max(0.0, (rival - own) / (rival - best))
    report.part("dollars", min(1.0, saved / ENOUGH), words(found, "From July to December"))


def least(days: pd.DataFrame, case: dict) -> float:
    """US dollars of the best alarm of the AUC in hindsight."""
    sound = days[days.fault == ""].auc
    rules = [
        {"EvaluationPeriods": last, "DatapointsToAlarm": needed, "Threshold": limit, "ComparisonOperator": "LessThanThreshold"}
        for needed, last in SHAPES
        for limit in sound.quantile(list(QUANTILES))
    ]
    return min(played(days, case, {"watch": "alarm", "alarm": rule | {"MetricName": "auc"}})["usd"] for rule in rules)
