"""m02_1: what is known at the time of prediction, data that can be trusted, and a Processing job that splits by time."""

import pandas as pd

from course.grading import Answer, Exercise, Function, Report, Value
from course.grading.scoring import guard_share

from .m02_1_cases import EXAMPLE_JOB, TOOLS, clean_day, columns, corrupted_day

ex1 = Exercise(
    id="m02_1_ex1",
    title="Find all columns that are unknown at the time of prediction",
    pattern=10,
    parts={"found": 3},
    evidence={"unknown": Value(list[str])},
    skills={"C01": ["1.3.S1", "1.2.K1"], "C02": ["1.3.1", "1.2.4"]},
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
    pattern=5,
    parts={"guard": 2.5},
    evidence={"accept": Function("accept(day: DataFrame) -> bool")},
    skills={"C01": ["1.3.S1", "1.2.K1"], "C02": ["1.3.1", "1.3.7"]},
    topics=["prep.wrangler"],
    seconds=30,
    hints=(
        "A range finds what is impossible by itself. Most mistakes leave each value possible, "
        "and break what two columns or two rows have in common.",
        "Look for pairs: dew point and temperature, gust and wind, `hour` and `sched_dep_time`, "
        "a route and its distance, an airline and its planes.",
        "Eight rules: wind below 100; `dewp <= temp`; no (carrier, flight, origin) twice; "
        "`sched_dep_time % 100 < 60`; `sched_dep_time // 100 == hour`; "
        "seats known for at least 80 % outside AA and MQ; one distance a route; "
        "`wind_gust >= wind_speed`. Comparisons with a missing value prove nothing.",
    ),
)

ex3 = Exercise(
    id="m02_1_ex3",
    title="Split by time in a Processing job",
    pattern=9,
    parts={"request": 0.5, "job": 0.5, "split": 1, "values": 0.5},
    evidence={
        "script": Value(str),
        "split_request": Function(
            "split_request(name: str, script_uri: str, records_uri: str, output_uri: str, validation_from: str, test_from: str) -> dict"
        ),
    },
    skills={"C01": ["1.2.S1", "1.3.S3", "1.2.K2"], "C02": ["1.2.1", "1.3.3", "1.2.4"]},
    topics=["prep.processing"],
    seconds=90,
    hints=(
        "The job of the example has one output. Yours has three, and two dates to hand to the script.",
        "The script finds the dates in `sys.argv`. The day of a flight in New York is in `year`, `month`, `day`; `time_hour` is in UTC.",
        "Compare ISO dates as text: `day < validation_from` is train, `day >= test_from` is test. "
        "Minutes: `clock // 100 * 60 + clock % 100`. "
        "Write each part below its own folder `/opt/ml/processing/output/<part>`, "
        'and give the request `output(part, f"{output_uri}/{part}")`.',
    ),
)

ex4 = Exercise(
    id="m02_1_ex4",
    title="Stretch: write the rule that chooses a tool",
    pattern=1,
    parts={"shape": 0.25, "unseen": 1.75},
    evidence={"choose_tool": Function("choose_tool(job: dict) -> str")},
    skills={"C01": ["1.2.S1", "1.2.K4"], "C02": ["1.2.1"]},
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
    check_names(answer, report)


def check_names(answer: Answer, report: Report) -> set[str] | None:
    """The columns named; reports the part ``found`` and returns None when they are no columns of this learner's table."""
    named, known = set(answer.value("unknown")), {column.name for column in columns(answer.variant())}
    if not report.part("found", bool(named), "`unknown` is empty; expected names of columns."):
        return None
    if strange := sorted(named - known):
        report.part(
            "found", False, f"`unknown` names {strange[0]!r}, which is no column of the table; expected names such as {min(known)!r}."
        )
        return None
    return named


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    clean = answer.call("accept", clean_day(answer.rng))
    kinds = {"a wind of a thousand miles an hour": "spike", "rows that came twice": "repeated"}
    caught = {words: not answer.call("accept", corrupted_day(answer.rng, kind)) for words, kind in kinds.items()}
    missed = [words for words, found in caught.items() if not found]
    said = f"The clean day was {'let in' if clean else 'stopped'}; let in as well: {' and '.join(missed) or 'nothing that is corrupt'}."
    report.part("guard", guard_share(list(caught.values()), [not clean]), said)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    uris = {name: f"s3://bucket/{name}" for name in ("split.py", "records", "parts")}
    request = answer.call("split_request", "a-name", *uris.values(), "2013-02-01", "2013-03-01")
    check_request(report, request, "a-name", *uris.values())
    check_script(answer, report)


def check_script(answer: Answer, report: Report) -> bool:
    try:
        compile(answer.value("script"), "split.py", "exec")
    except SyntaxError as error:
        return report.part("job", False, f"`script` is no Python: line {error.lineno}: {error.msg}.")
    return True


def check_request(report: Report, request: dict, name: str, script: str, records: str, output: str) -> bool:
    """Whether the request is sound; reports the part ``request``."""
    wanted = {"ProcessingJobName", "RoleArn", "AppSpecification", "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources"}
    if missing := sorted(wanted - request.keys()):
        return report.part(
            "request", False, f"`split_request(...)` returned a request without {', '.join(missing)}; a Processing job needs them."
        )
    if request["ProcessingJobName"] != name:
        return report.part("request", False, f"The job is called {request['ProcessingJobName']!r}; expected the `name` given.")
    sources = {item.get("S3Input", {}).get("S3Uri") for item in request["ProcessingInputs"]}
    if lost := sorted({script, records} - sources):
        return report.part("request", False, f"No input of the request reads {lost[0]!r}, which was given for it.")
    arguments = request["AppSpecification"].get("ContainerArguments", [])
    if numbers := [value for value in arguments if not isinstance(value, str)]:
        return report.part(
            "request", False, f"The argument {numbers[0]!r} is a {type(numbers[0]).__name__}; arguments of a container are text."
        )
    targets = {item.get("S3Output", {}).get("S3Uri", "").rstrip("/") for item in request["ProcessingOutputConfig"].get("Outputs", [])}
    parts = {f"{output}/{part}" for part in ("train", "validation", "test")}
    said = f"The request writes to {sorted(targets)}; expected three places below `output_uri`, one for each part."
    return report.part("request", targets == parts, said)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    check_tool(answer, report, EXAMPLE_JOB)


def check_tool(answer: Answer, report: Report, job: dict) -> str | None:
    """The learner's choice; reports the part ``shape`` and returns None when it is no tool."""
    got = answer.call("choose_tool", job)
    good = report.part("shape", got in TOOLS, f"`choose_tool(...)` returned {got!r}; expected the name of a tool as the table writes it.")
    return got if good else None


def read_parts(tables: dict[str, list[str]]) -> dict[str, pd.DataFrame]:
    """The parts that a job wrote: texts of CSV files with a header, by part."""
    from io import StringIO

    return {part: pd.concat([pd.read_csv(StringIO(text)) for text in texts]) for part, texts in tables.items() if texts}
