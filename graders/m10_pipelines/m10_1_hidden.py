# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m10_1."""

from functools import cache

import pandas as pd
import xgboost

from course import datasets
from course.grading import Answer, Report
from course.grading.model_archives import packed

from .m10_1 import ex1, ex2, ex3, ex4
from .m10_1_late_flights import FEATURES, table
from .m10_1_live import deployment, judge_live
from .m10_1_raw import judge_raw
from .m10_1_release import judge_release
from .m10_1_training import judge_training

LIVE_MONTHS, LIVE_ROWS = 3, 10_000


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("starts your pipeline twice, for unseen months")
    first, second = answer.rng.sample(range(2, 13), 2)
    asked = [
        {"Month": first, "Window": answer.rng.choice(["all", "last"]), "Rounds": answer.rng.randint(3, 30)},
        {"Month": second, "Window": answer.rng.choice(["all", "last"])},  # and the default of Rounds
    ]
    judge_training(answer, report, f"graded-m10-1-{answer.token()}", asked)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("deploys and updates an unseen endpoint, and asks your function which model is live")
    judge_live(answer, report, f"graded-m10-1-{answer.token()}")


# With 10,000 rows, 60 rounds and four live models: in June and July all months before win by 3 to 8 dollars a flight, in November and
# December the month before loses 1.2 to 3.7; the live model of January to March is drawn, the new one is the same each time.
@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    name = f"graded-m10-1-{answer.token()}"
    report.doing("starts your pipeline on unseen months, with an unseen live model")
    with deployment(answer, f"{name}-live") as there:
        live = there.archive(_live_model(answer.rng.randrange(10**6)))
        asked = [
            {"Month": answer.rng.choice([6, 7]), "Window": "all", "LiveModel": live},
            {"Month": answer.rng.choice([11, 12]), "Window": "last", "LiveModel": live},
            {"Month": answer.rng.choice([4, 5]), "Window": "last", "LiveModel": "none"},
        ]
        judge_release(answer, report, name, asked)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("starts your pipeline on unseen flights, and deploys what it registers")
    judge_raw(answer, report, f"graded-m10-1-{answer.token()}")


def _live_model(seed: int) -> bytes:
    """``model.tar.gz`` of a model that learned from a sample of January to March."""
    rows = _flights().sample(LIVE_ROWS, random_state=seed)
    settings = {"objective": "binary:logistic", "eta": 0.15, "max_depth": 5, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows[FEATURES].to_numpy(), label=rows.late), num_boost_round=40)
    return packed(bytes(booster.save_raw("ubj")))


@cache
def _flights() -> pd.DataFrame:
    flights = table(datasets.folder() / "flights.parquet", datasets.folder() / "weather.parquet")
    return flights[flights.month <= LIVE_MONTHS]
