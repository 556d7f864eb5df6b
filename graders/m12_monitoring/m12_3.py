"""m12_3: figures of bias and when they page, attribution drift, and who is called for what four monitors measure."""

import pandas as pd

from course.grading import Answer, Exercise, Function, Report

from .m12_3_bias import counted, judge_figures, judge_pages, streams
from .m12_3_reasons import Case, judge_scores
from .m12_3_triage import judge_calls, known

# Measured on 20 draws: limits of 2 to 3.5 deviations reach it in each draw, one of 4 in 19. Of fixed differences, 0.07 does best, with 0.85
# on average, and Clarify's rule, any value beyond the baseline's, has 0.60.
ENOUGH = 0.95

ex1 = Exercise(
    id="m12_3_ex1",
    title="Figures of bias, and when they page",
    section="How much of it is noise?",
    pattern=5,
    parts={"figures": 1.25, "guard": 2.5},
    evidence={
        "figures": Function("figures(month: DataFrame) -> dict", digits=4),
        "pages": Function("pages(baseline: DataFrame, month: DataFrame) -> bool"),
    },
    skills={"C01": ["4.1.S1", "4.1.S3", "2.3.K4"], "C02": ["4.1.1", "4.1.3"]},
    topics=["mon.bias", "mon.open"],
    seconds=60,
    hints=(
        "Write the share of approved applicants of one group as a function first. A share of few people varies more than one of many.",
        "A share p of n people has a standard deviation of `sqrt(p * (1 - p) / n)`; the variances of two groups add up. How many of these "
        "deviations is this month beyond the baseline?",
        "`black = month[month.black == 1]`, `approved = (black.predicted == 0).mean()`, the same for the others; RD takes rows with "
        "`denied == 0` only. `pages` compares DPPL of the month with that of the baseline plus some deviations.",
    ),
)

ex2 = Exercise(
    id="m12_3_ex2",
    title="How far reasons have drifted",
    section="Why?",
    pattern=None,
    parts={"score": 2.5},
    evidence={"attribution_drift": Function("attribution_drift(baseline: DataFrame, today: DataFrame) -> float", digits=4)},
    skills={"C01": ["4.1.S3", "2.3.S5"], "C02": ["4.1.3", "2.3.4"]},
    topics=["mon.attribution", "mon.open"],
    seconds=30,
    hints=(
        "First one number for each feature and table: how large its values are, whatever their sign.",
        "The same sum twice: of the baseline's weights in today's order, and of these weights in their own order, the best one.",
        "`weights = baseline.abs().mean()`, `order = today.abs().mean().sort_values(ascending=False).index`; the sum is "
        "`(weights[order].to_numpy() / np.log2(np.arange(len(weights)) + 2)).sum()`.",
    ),
)

ex3 = Exercise(
    id="m12_3_ex3",
    title="Who is called?",
    section="Four monitors, one month",
    pattern=1,
    parts={"form": 0.25, "calls": 3.5},
    evidence={"triage": Function("triage(usual: DataFrame, now: dict) -> str")},
    skills={"C01": ["4.1.S1", "4.1.S3", "4.1.K2"], "C02": ["4.1.1", "4.1.3"]},
    topics=["mon.bias", "mon.attribution", "mon.data_quality"],
    seconds=30,
    hints=(
        "Which harms move several measures? Which measure moves for one harm alone?",
        "Ask first about what spoils all others: a broken column changes scores, reasons and groups. Then about the model that answers.",
        "`def far(name): return abs(now[name] - usual[name].mean()) > 4 * usual[name].std()`, and a chain of `if`, each with `return`.",
    ),
)

# Months of (black, denied, predicted, how often), and their figures.
FIGURED = (
    (
        [(0, 0, 0, 7), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 1), (1, 0, 0, 3), (1, 0, 1, 1), (1, 1, 1, 1)],
        {"DPPL": 0.2, "DI": 0.75, "RD": 0.125},
    ),
    (
        [(0, 0, 0, 3), (0, 0, 1, 2), (0, 1, 1, 3), (1, 0, 0, 3), (1, 0, 1, 1)],
        {"DPPL": -0.375, "DI": 2.0, "RD": -0.15},
    ),
    (
        [(0, 0, 0, 6), (0, 1, 0, 2), (0, 1, 1, 2), (1, 0, 0, 2), (1, 0, 1, 3), (1, 1, 1, 5)],
        {"DPPL": 0.6, "DI": 0.25, "RD": 0.6},
    ),
)


def _rows(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns)


# Attributions of a baseline and of today, and the score.
BEFORE = _rows(loan=[0.2, 0.3, 1.0], credit=[0.2, 0.2, 0.2], single=[0.1, 0.1, 0.1])
BOTH_SIGNS = _rows(loan=[0.2, -0.3, 1.0], credit=[0.2, -0.2, 0.2], single=[-0.1, 0.1, 0.1])
SCORED = (
    (Case("usual", BEFORE, _rows(loan=[0.3, 0.3], credit=[0.25, 0.25], single=[0.05, 0.05])), 1.0),
    (Case("columns", BEFORE, _rows(single=[0.1, 0.1], loan=[0.3, 0.3], credit=[0.25, 0.25])), 1.0),
    (Case("swapped", BEFORE, _rows(single=[0.6, 0.6], credit=[0.3, 0.3], loan=[0.1, 0.1])), 0.7042),
    (Case("signs", BOTH_SIGNS, _rows(loan=[0.8, -0.8], credit=[0.5, 0.5], single=[0.1, 0.1])), 1.0),
    (Case("scaled", BEFORE, _rows(loan=[0.9, 0.9], credit=[1.2, 1.2], single=[0.3, 0.3])), 0.8363),
    (Case("stuck", BEFORE, _rows(loan=[0.0, 0.0], credit=[0.2, 0.2], single=[0.1, 0.1])), 0.7588),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    if judge_figures(answer, report, [(counted(rows), wanted) for rows, wanted in FIGURED]):
        judge_pages(answer, report, streams(answer.rng), ENOUGH)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    """Tables of few rows, whose scores are written out."""
    judge_scores(answer, report, [case for case, _ in SCORED], [wanted for _, wanted in SCORED])


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    judge_calls(answer, report, known())
