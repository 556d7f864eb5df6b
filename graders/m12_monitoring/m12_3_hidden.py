# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m12_3."""

import pandas as pd

from course.grading import Answer, Report
from course.localaws.images.clarify.drift import ndcg

from .m12_3 import ENOUGH, ex1, ex2, ex3
from .m12_3_bias import FIGURES, judge_figures, judge_pages, streams
from .m12_3_months_hidden import months
from .m12_3_reasons import Case, cases, judge_scores
from .m12_3_triage import judge_calls

FIGURED = 6  # months whose figures are compared


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    given = streams(answer.rng)
    every = [rows for stream in given for _, rows in stream.months]
    if judge_figures(answer, report, [(rows, true_figures(rows)) for rows in answer.rng.sample(every, FIGURED)]):
        judge_pages(answer, report, given, ENOUGH)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    given = cases(answer.rng)
    judge_scores(answer, report, given, [true_score(case) for case in given])


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("measures unseen months of other banks")
    judge_calls(answer, report, months(answer.rng))


def true_figures(rows: pd.DataFrame) -> dict[str, float]:
    """DPPL, DI and RD of a month, with approval as the good outcome."""
    approved = (rows.predicted == 0).groupby(rows.black).mean()
    right = rows[rows.denied == 0]
    recall = (right.predicted == 0).groupby(right.black).mean()
    values = (approved[0] - approved[1], approved[1] / approved[0], recall[0] - recall[1])
    return dict(zip(FIGURES, map(float, values), strict=True))


def true_score(case: Case) -> float:
    names = list(case.baseline.columns)
    before, now = (rows.abs().mean()[names].to_list() for rows in (case.baseline, case.today))
    return ndcg(before, now)
