"""m02_1: what is known at the time of prediction, data that can be trusted, and a Processing job that splits by time."""

import pandas as pd

from course.grading import Answer, AnswerError, Exercise, Function, Report, Value
from course.grading.scoring import guard_share

from .m02_1_cases import (
    BAD_DAYS,
    COLUMNS,
    GOOD_DAYS,
    PRACTICE_BORDERS,
    PRACTICE_COLUMNS,
    PRACTICE_JOBS,
    PRACTICE_RECORDS,
    RECORDS,
    TOOLS,
    clean_day,
    columns,
    corrupted_day,
)
from .m02_1_split import judge_job

ex1 = Exercise(
    id="m02_1_ex1",
    title="Find all columns that are unknown at the time of prediction",
    section="When was it readable?",
    pattern=10,
    parts={"practice": 0.5, "found": 2.5},
    evidence={"unknown": Value(list[str])},
    skills={"C01": ["1.3.S1"], "C02": ["1.3.1"]},
    topics=["prep.wrangler"],
    seconds=10,
    hints=(
        "For each column ask one question: at what moment could a program have read this value for the first time?",
        "A measurement is readable when it is sent out, not when it is made. "
        "A forecast is readable when it is issued, whatever hour it is about.",
        "Readable in time: (minutes before departure) - (minutes until sent out) is at least 120. "
        "UTC in winter is New York's clock plus 5. "
        "What is computed from the flight, or from its whole day, is not readable in time.",
    ),
)

ex2 = Exercise(
    id="m02_1_ex2",
    title="Write the guard of the data",
    section="A guard",
    pattern=5,
    parts={"practice": 0.25, "guard": 2.25},
    evidence={"accept": Function("accept(day: DataFrame) -> bool")},
    skills={"C01": ["1.3.S1"], "C02": ["1.3.1"]},
    topics=["prep.wrangler"],
    seconds=30,
    hints=(
        "A range finds what is impossible by itself. Most mistakes leave each value possible, "
        "and break what two columns, two rows or two days have in common.",
        "Within the day look for pairs: gust and wind, `hour` and `sched_dep_time`, an airline and its planes. "
        "A column that is in another unit as a whole agrees with itself: compare it with `routes` and `weather`.",
        "Nine rules: all columns of `example`; at least 200 rows; wind below 100; "
        "each of `temp`, `dewp`, `wind_speed`, `wind_gust` a reading that `weather` has, too (`round(5)` both, then `isin`); "
        "each (origin, dest, distance) one of `routes` (`day.merge(routes)` keeps those); "
        "no (carrier, flight, origin) twice; `sched_dep_time % 100 < 60` and `sched_dep_time // 100 == hour`; "
        "seats known for two thirds outside AA and MQ, since cancelled flights have no plane; `wind_gust >= wind_speed`. "
        "Comparisons with a missing value prove nothing.",
    ),
)

ex3 = Exercise(
    id="m02_1_ex3",
    title="Split by time in a Processing job",
    section="A Processing job",
    pattern=9,
    parts={"request": 0.5, "job": 0.5, "split": 1, "values": 0.5},
    evidence={
        "script": Value(str),
        "split_request": Function(
            "split_request(name: str, script_uri: str, records_uri: str, output_uri: str, validation_from: str, test_from: str)"
            " -> dict | None"
        ),
    },
    skills={"C01": ["1.2.S1", "1.3.S3"], "C02": ["1.2.1", "1.3.3"]},
    topics=["prep.processing"],
    seconds=90,
    hints=(
        "The job of the example has one output. Yours has three, and two dates to hand to the script.",
        "The script finds the dates in `sys.argv`. The day of a flight in New York is in `year`, `month`, `day`; `time_hour` is in UTC.",
        "Compare ISO dates as text: `day < validation_from` is train, `day >= test_from` is test. "
        "Minutes: `clock // 100 * 60 + clock % 100`. "
        "Write each part below its own folder `/opt/ml/processing/output/<part>`, "
        'and give the job `writes(part, f"{output_uri}/{part}")`, or with boto3 `output(part, f"{output_uri}/{part}")`.',
    ),
)

ex4 = Exercise(
    id="m02_1_ex4",
    title="Stretch: write the rule that chooses a tool",
    section="Which tool?",
    pattern=1,
    parts={"practice": 0.25, "unseen": 1.75},
    evidence={"choose_tool": Function("choose_tool(job: dict) -> str")},
    skills={"C01": ["1.2.K4"], "C02": ["1.2.1"]},
    topics=["prep.choose"],
    seconds=5,
    hints=(
        "Ask the questions of the table from top to bottom; the first that is answered with yes decides.",
        "Who writes no code never comes to the questions about size. "
        "Who writes pandas comes to them only when the data is too large for it.",
        'The last question in numbers: `"EMR" if busy_hours * glue_hour > 24 * cluster_hour else "Glue"`.',
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    named = check_names(answer, report, "practice")
    if named is None:
        return
    wrong = [column for column in PRACTICE_COLUMNS if (column.name in named) != column.unknown]
    said = f"`unknown` is right about {len(PRACTICE_COLUMNS) - len(wrong)} of the {len(PRACTICE_COLUMNS)} practice columns."
    if len(named) == len(PRACTICE_COLUMNS) + len(columns(answer.variant())):
        why = "It names every column of the table: what is left for a model to learn from? Each name that is known in time costs points."
    else:
        why = f"Look at `{wrong[0].name}`: {wrong[0].question}" if wrong else ""
    report.part("practice", not wrong, f"{said} {why}")


def check_names(answer: Answer, report: Report, part: str) -> set[str] | None:
    """The columns named; reports the part and returns None when there are none, or names that this learner's table does not have."""
    named = set(answer.value("unknown"))
    known = {column.name for column in (*PRACTICE_COLUMNS, *columns(answer.variant()))}
    if not named:
        report.part(part, False, "`unknown` is empty; expected a list of names. Is there really no column that is filled in too late?")
        return None
    if strange := sorted(named - known):
        said = f"`unknown` names {strange[0]!r}, which is no column of the table; expected names such as {PRACTICE_COLUMNS[0].name!r}."
        report.part(part, False, said)
        return None
    return named


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    good = {words: clean_day(answer.rng, **kind) for words, kind in GOOD_DAYS.items()}
    alarms = {words + _gaps(day): not answer.call("accept", day) for words, day in good.items()}
    stopped = {words: stops(answer, corrupted_day(answer.rng, kind)) for kind, words in BAD_DAYS.items()}
    said = [f"`accept(...)` returned False for {words}; expected True." for words, alarm in alarms.items() if alarm]
    if missed := [words for words, found in stopped.items() if found is False]:
        said.append(f"`accept(...)` returned True for a day with {', with '.join(missed)}; expected False.")
    said += [f"`accept(...)` raised an error for a day with {words}; expected False." for words, found in stopped.items() if found is None]
    caught = [found is True for found in stopped.values()]
    report.part("practice", guard_share(caught, list(alarms.values())), " ".join(said) or "All days of practice.")


def _gaps(day: pd.DataFrame) -> str:
    """Names the flights of a good day for whose hour the station has no weather."""
    gaps = int(day.temp.isna().sum())
    return f"; its table of weather lacks the hour of {gaps} flights" if gaps else ""


def stops(answer: Answer, day: pd.DataFrame) -> bool | None:
    """Whether the guard stops the day; None when it raises an error instead, as many do when a column is missing."""
    try:
        return not answer.call("accept", day)
    except AnswerError:
        if set(COLUMNS) <= set(day.columns):
            raise
        return None


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    flights = pd.DataFrame([row[:8] for row in PRACTICE_RECORDS], columns=RECORDS)
    wanted = pd.DataFrame([(row[0], *row[8]) for row in PRACTICE_RECORDS if row[8]], columns=["id", "part", "late", "departure_minute"])
    judge_job(answer, report, flights, wanted.set_index("id"), PRACTICE_BORDERS)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    for job, suits, question in PRACTICE_JOBS:
        got = check_tool(answer, report, job, "practice")
        said = f"`choose_tool({job})` returned {got!r}, which does not suit this job: {question}"
        if got is None or not report.part("practice", got == suits, said):
            return


def check_tool(answer: Answer, report: Report, job: dict, part: str) -> str | None:
    """The learner's choice; reports the part and returns None when it is no tool."""
    got = answer.call("choose_tool", job)
    said = f"`choose_tool({job})` returned {got!r}; expected the name of a tool as the table writes it."
    return got if report.part(part, got in TOOLS, said) else None
