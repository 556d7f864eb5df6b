"""m03_2: joins to the past, the SDK's dataset builder, the price of skew, and one function in both places."""

from datetime import UTC, datetime

import pandas as pd

from course.grading import Answer, Exercise, Function, Report, Value

from .m03_2_cases import PRACTICE_ASKS, PRACTICE_EVENTS, PRACTICE_HISTORIES, PRACTICE_SCHEMA
from .m03_2_job import judge_module
from .m03_2_service import judge_skewed, own_service
from .m03_2_store import judge_as_of

VERDICTS = ("empty", "deleted", "late", "same")
PRACTICE_DEPARTURES = (  # departure in UTC, miles, and minutes and weekday in New York
    (datetime(2013, 7, 4, 21, 10, tzinfo=UTC), 1089, (1030, 3)),
    (datetime(2013, 7, 6, 2, 30, tzinfo=UTC), 187, (1350, 4)),
    (datetime(2013, 1, 7, 11, 5, tzinfo=UTC), 2475, (365, 0)),
    (datetime(2013, 1, 9, 4, 45, tzinfo=UTC), 96, (1425, 1)),
    (datetime(2013, 8, 11, 4, 10, tzinfo=UTC), 765, (10, 6)),
    (datetime(2013, 3, 10, 21, 30, tzinfo=UTC), 529, (1050, 6)),
)

ex1 = Exercise(
    id="m03_2_ex1",
    title="Join the past as it was",
    section="The join of the past",
    pattern=None,
    parts={"rows": 0.5, "versions": 1, "twice": 0.75, "deleted": 0.75},
    evidence={"as_of": Function("as_of(group: str, ids: list[str], times: list[str]) -> DataFrame")},
    skills={"C01": ["1.1.S3", "1.2.S2"], "C02": ["1.1.9", "1.2.2"]},
    topics=["feat.point_in_time"],
    seconds=60,
    hints=(
        "Each version is valid from its event time until the next one's. A deletion is a version, too: one without values.",
        "A window function numbers the versions of each ask, or gives each version the event time of the next one (`lead`). "
        "An outer join keeps asks that find nothing.",
        "`SELECT *, row_number() OVER (PARTITION BY ask ORDER BY <event time> DESC, api_invocation_time DESC) AS place "
        "FROM <asks> LEFT JOIN <table> ON <identifier> = id AND <event time> <= time`, "
        "then `place = 1`, and `CASE WHEN NOT is_deleted THEN <feature> END`.",
    ),
)

ex2 = Exercise(
    id="m03_2_ex2",
    title="Say where the builder's rows differ",
    section="The SDK's builder",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.75},
    evidence={"verdict": Function("verdict(versions: DataFrame, time: int) -> str")},
    skills={"C01": ["1.1.S3", "1.2.S2"], "C02": ["1.1.9", "1.2.2"]},
    topics=["feat.point_in_time"],
    seconds=10,
    hints=(
        "First find the version that is valid at the asked time. Is there one? What happened to the record later? "
        "When did the version arrive?",
        "The builder drops every version before the newest deletion of its identifier, for any asked time. It never looks at "
        "`api_invocation_time`, except when two versions have the same event time.",
        "`valid = versions[versions.event_time <= time].sort_values(['event_time', 'api_invocation_time']).tail(1)`; deleted when a row of "
        "`versions[versions.is_deleted]` has a later event time than it; late when its `api_invocation_time > time`.",
    ),
)

ex3 = Exercise(
    id="m03_2_ex3",
    title="Find what the service gets wrong, and what it costs",
    section="Skew in a service",
    pattern=7,
    parts={"found": 1, "costs": 2},
    evidence={
        "skewed": Function("skewed(captured: DataFrame, offline: DataFrame, endpoint: str) -> dict", digits=3),
        "own_endpoint": Value(str),
        "own_flights": Value(pd.DataFrame),
    },
    skills={"C01": ["1.2.S2"], "C02": ["1.2.2"]},
    topics=["feat.skew"],
    seconds=90,
    hints=(
        "Find first, price afterwards. Bring both tables into the same order of flights before you compare anything.",
        "Two values are the same when they differ by at most 0.001, or when both are missing. Price a feature by asking the endpoint about "
        "the captured rows in which this one feature is replaced.",
        "`right = offline.set_index('flight').loc[captured.flight].reset_index()`; "
        "`same = np.isclose(captured[name], right[name], rtol=0, atol=0.001, equal_nan=True)`; "
        "`roc_auc_score(right.late, score(endpoint, captured.assign(**{name: right[name]}).drop(columns='flight')))`.",
    ),
)

ex4 = Exercise(
    id="m03_2_ex4",
    title="Stretch: one function in both places",
    section="One function, two callers",
    pattern=None,
    parts={"job": 0.5, "history": 0.75, "requests": 0.75},
    evidence={"module": Value(str)},
    skills={"C01": ["1.2.S2", "1.2.K2"], "C02": ["1.2.2", "1.2.4"]},
    topics=["feat.shared_logic", "feat.where"],
    seconds=90,
    hints=(
        "Bring both forms to the same two things first: a moment in New York, and a distance. Then compute each feature once.",
        'A request can be recognised by its field: `"departs" in flight`. `zoneinfo.ZoneInfo` knows when New York has summer time.',
        '`datetime.fromisoformat(flight["departs"].replace("Z", "+00:00")).astimezone(ZoneInfo("America/New_York"))`; for the history '
        '`datetime.strptime(flight["date"] + flight["sched_dep_time"].zfill(4), "%Y-%m-%d%H%M")`.',
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    judge_as_of(answer, report, PRACTICE_SCHEMA, PRACTICE_EVENTS, PRACTICE_ASKS)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    for (versions, time), right, question in PRACTICE_HISTORIES:
        got = verdict(answer, report, versions, time, "practice")
        said = f"`verdict(versions, {time})` returned {got!r} for the versions {versions.to_dict('records')}: {question}"
        if got is None or not report.part("practice", got == right, said):
            return


def verdict(answer: Answer, report: Report, versions: pd.DataFrame, time: int, part: str) -> str | None:
    """The learner's verdict; reports the part and returns None when it is no word of the table."""
    got = answer.call("verdict", versions, time)
    said = f"`verdict(...)` returned {got!r}; expected a word of the table."
    return got if report.part(part, got in VERDICTS, said) else None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    judge_skewed(answer, report, own_service(answer), answer.value("own_endpoint"))


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    departures, miles, wanted = zip(*PRACTICE_DEPARTURES, strict=True)
    judge_module(answer, report, departures, miles, wanted)
