# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m02_1."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pandas as pd
from botocore.exceptions import ParamValidationError, WaiterError

from course.grading import Answer, Report
from course.grading.scoring import find_all_share, guard_share, rule_share

from .m02_1 import check_names, check_request, check_script, check_tool, ex1, ex2, ex3, ex4, read_parts
from .m02_1_cases import (
    BEFORE,
    CORRUPTIONS,
    NEVER,
    PRACTICE_COLUMNS,
    WINTER,
    Column,
    clean_day,
    columns,
    corrupted_day,
    jobs,
    records,
)

WAIT = {"Delay": 0.2, "MaxAttempts": 400}
PARTS = ("train", "validation", "test")
MEMORY_FACTOR = 5  # pandas needs about five times the size of the data


def is_unknown(column: Column) -> bool:
    if column.kind == "lagged":
        return column.numbers[0] - column.numbers[1] < BEFORE
    if column.kind == "forecast":
        return column.numbers[0] < BEFORE
    if column.kind == "utc":
        return column.numbers[0] - WINTER > column.numbers[1] - BEFORE // 60
    return column.kind in NEVER


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    named = check_names(answer, report, "found")
    if named is None:
        return
    named -= {column.name for column in PRACTICE_COLUMNS}
    table = {column.name: column for column in columns(answer.variant())}
    wanted = {name for name, column in table.items() if is_unknown(column)}
    missed, extra = [table[name].kind for name in wanted - named], [table[name].kind for name in named - wanted]
    share = find_all_share(named, wanted)
    said = f"`unknown` holds {len(named & wanted)} of the {len(wanted)} columns that it should, and {len(extra)} that are known in time."
    report.part("found", share, f"{said} {_why_names(missed, extra, everything=len(named) == len(table))}")


def _why_names(missed: list[str], extra: list[str], everything: bool) -> str:
    if everything:
        return "To name all leaves a model with nothing to learn from: what does the airline know two hours before departure?"
    if "utc" in extra:
        return "Some that you name have their hour in UTC: what does a clock in New York show then?"
    if "forecast" in extra:
        return "You name forecasts for the hour they are about; when can they be read?"
    if {"lagged", "forecast"} & set(missed) and set(missed) & set(NEVER):
        return "Both kinds are missing: what comes from the flight itself, and what is sent out too late."
    if "lagged" in missed:
        return "Some that you miss were measured in time: when were they sent out?"
    if set(missed) & set(NEVER):
        return "Some that you miss are computed from the flight, or from days that are not over: which columns went into them?"
    return "Compare each moment with T once more." if missed or extra else ""


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    kinds = ({"repeating": True}, {"airline": "AA"}, {"airline": "MQ"}, {})
    alarms = [not answer.call("accept", clean_day(answer.rng, **kind)) for kind in kinds * 3]
    caught = {kind: [not answer.call("accept", corrupted_day(answer.rng, kind)) for _ in range(2)] for kind in CORRUPTIONS}
    every = [found for pair in caught.values() for found in pair]
    whole = sum(all(pair) for pair in caught.values())
    stopped = f"{sum(every)} of {len(every)} corrupted days ({whole} of {len(caught)} kinds)"
    said = f"`accept(...)` stopped {stopped} and {sum(alarms)} of {len(alarms)} clean ones."
    report.part("guard", guard_share(every, alarms), f"{said} {_why_guard(caught, alarms)}")


def _why_guard(caught: dict[str, list[bool]], alarms: list[bool]) -> str:
    if all(alarms):
        return "Every clean day is stopped: gusts are mostly missing, and some planes always are."
    if any(alarms[::4]) and not any(alarm for number, alarm in enumerate(alarms) if number % 4):
        return "The clean days that you stop have a flight number twice, from two airports: what makes a flight one flight?"
    if any(alarms):
        return "Which of your rules fires on another day than the one you looked at? Think of winter, and of values that are missing."
    slipped = {kind for kind, pair in caught.items() if not all(pair)}
    if not slipped:
        return ""
    if {"celsius", "kilometres"} <= slipped:
        return "Units slip through: each value is possible by itself, so compare columns, or rows of one route."
    if "minutes" in slipped:
        return "A clock slips through: how large can the last two digits of hhmm be?"
    if "utc" in slipped:
        return "A clock slips through: which two columns tell the hour?"
    if "planes_lost" in slipped:
        return "A join that lost its planes slips through: for which airlines are seats missing on a good day?"
    return "What slips through breaks what two columns, or two rows, have in common."


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    s3 = answer.client("s3")
    name = f"graded-m02-1-{answer.token()}"  # of the job and of a bucket for it: neither may exist yet
    root = f"s3://{name}"
    borders = [f"2013-02-{answer.rng.randint(5, 12):02}", f"2013-02-{answer.rng.randint(20, 27):02}"]
    flights = records(answer.rng, *borders)
    uris = (f"{root}/code/split.py", f"{root}/records", f"{root}/parts")
    request = answer.call("split_request", name, *uris, *borders)
    if not (check_request(report, request, name, *uris) and check_script(answer, report)):
        return
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code/split.py", Body=answer.value("script").encode())
    half = len(flights) // 2
    for number, rows in enumerate((flights[:half], flights[half:])):
        s3.put_object(Bucket=name, Key=f"records/part-{number}.csv", Body=rows.to_csv(index=False).encode())
    if (parts := _run(answer, report, request, name)) is not None:
        _judge_parts(report, flights, parts, borders)


def _run(answer: Answer, report: Report, request: dict[str, Any], name: str) -> dict[str, pd.DataFrame] | None:
    """The parts that the job of the request wrote; reports the part ``job``."""
    sagemaker, s3 = answer.client("sagemaker"), answer.client("s3")
    try:
        sagemaker.create_processing_job(**request)
    except ParamValidationError as error:
        report.part("job", False, f"The request was not accepted: {error}")
        return None
    with contextlib.suppress(WaiterError):  # raised when the job failed; what became of it is asked next
        sagemaker.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName=name, WaiterConfig=WAIT)
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    status = job["ProcessingJobStatus"]
    if not report.part("job", status == "Completed", f"The job ended {status}: {job.get('FailureReason', 'no reason given')}"):
        return None
    texts = {}
    for part in PARTS:
        listed = s3.list_objects_v2(Bucket=name, Prefix=f"parts/{part}/").get("Contents", [])
        texts[part] = [s3.get_object(Bucket=name, Key=item["Key"])["Body"].read().decode() for item in listed]
    if empty := [part for part, found in texts.items() if not any(text.strip() for text in found)]:
        report.part(
            "job", False, f"The job completed and left nothing in {', '.join(empty)}: does the script write where the request looks?"
        )
        return None
    return read_parts(texts)


def _judge_parts(report: Report, flights: pd.DataFrame, parts: dict[str, pd.DataFrame], borders: list[str]) -> None:
    wanted_columns = {"id", "late", "departure_minute"}
    for part, table in parts.items():
        if lost := sorted(wanted_columns - set(table.columns)):
            for name in ("split", "values"):
                report.part(name, False, f"{part} has the columns {list(table.columns)}; missing is {lost[0]!r}.")
            return
    flown = flights[flights.arr_delay != ""]
    day = pd.to_datetime(flown[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    right = dict(zip(flown.id, day.map(lambda date: _part(date, borders)), strict=True))
    given = pd.concat([table.assign(part=part) for part, table in parts.items()])
    _judge_split(report, flights, right, given, borders)
    _judge_values(report, flown.set_index("id"), given[given.id.isin(right)].drop_duplicates("id").set_index("id"))


def _part(day: str, borders: list[str]) -> str:
    return PARTS[sum(day >= border for border in borders)]


def _judge_split(report: Report, flights: pd.DataFrame, right: dict[str, str], given: pd.DataFrame, borders: list[str]) -> None:
    if given.id.duplicated().any():
        report.part(
            "split",
            False,
            f"{given.id.duplicated().sum()} flights are in two parts, or twice in one: a flight may judge only what has not seen it.",
        )
    elif cancelled := set(given.id) - set(right):
        report.part("split", False, f"{len(cancelled)} flights without an arrival delay were kept: nobody knows whether they were late.")
    elif lost := set(right) - set(given.id):
        report.part(
            "split", False, f"{len(lost)} of {len(right)} flights are in no part: was every file read, and does each day belong somewhere?"
        )
    else:
        found = dict(zip(given.id, given.part, strict=True))
        wrong = [flight for flight in right if found[flight] != right[flight]]
        said = f"{len(right) - len(wrong)} of {len(right)} flights are in the part of their day."
        report.part("split", not wrong, f"{said} {_why_split(flights.set_index('id'), found, wrong, borders) if wrong else ''}")


def _why_split(flights: pd.DataFrame, found: dict[str, str], wrong: list[str], borders: list[str]) -> str:
    rows = flights.loc[wrong]
    days = pd.to_datetime(rows[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    if all(found[flight] == _part(moment[:10], borders) for flight, moment in rows.time_hour.items()):
        return "Those that are not leave in the evening: whose midnight does the script split at, New York's or that of UTC?"
    if days.isin(borders).all():
        return "Those that are not leave on a border day: a part begins with the date it is `from`."
    return "Early and late flights are mixed: a part holds the days of one stretch of time."


def _judge_values(report: Report, flown: pd.DataFrame, given: pd.DataFrame) -> None:
    if "arr_delay" in given.columns:
        report.part("values", False, "`arr_delay` is among the columns: it is the answer, and every model will find it.")
        return
    flown = flown.loc[given.index]
    clock = flown.sched_dep_time
    right: dict[str, Callable[[], pd.Series]] = {
        "departure_minute": lambda: clock // 100 * 60 + clock % 100,
        "late": lambda: (flown.arr_delay.astype(int) > 15).astype(int),
    }
    why = {
        "departure_minute": "517 is seventeen minutes past five"
        if given.departure_minute.eq(clock).any()
        else "minutes are counted from New York's midnight",
        "late": "late is 1 when a flight arrives more than 15 minutes after schedule",
    }
    for name, values in right.items():
        good = pd.to_numeric(given[name], errors="coerce").eq(values())
        if not report.part("values", bool(good.all()), f"`{name}` is right for {good.sum()} of {len(good)} flights: {why[name]}."):
            return


def right_tool(job: dict) -> str:
    if job["writes"] == "nothing":
        return "Data Wrangler" if job["feeds"] == "training" else "DataBrew"
    if job["writes"] == "pandas" and job["gigabytes"] * MEMORY_FACTOR <= job["memory"]:
        return "Processing"
    if job["needs"] != "none":
        return "EMR"
    return "EMR" if job["busy_hours"] * job["glue_hour"] > 24 * job["cluster_hour"] else "Glue"


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    cases, given = jobs(answer.rng), []
    for job in cases:
        given.append(check_tool(answer, report, job, "unseen"))
        if given[-1] is None:
            return
    wanted = [right_tool(job) for job in cases]
    missed = [(job, want) for job, got, want in zip(cases, given, wanted, strict=True) if got != want]
    said = f"`choose_tool(...)` suits {len(cases) - len(missed)} of {len(cases)} unseen jobs."
    report.part("unseen", rule_share(given, [{tool} for tool in wanted]), f"{said} {_why_tools(missed, given)}")


def _why_tools(missed: list[tuple[dict, str]], given: list[str]) -> str:
    if not missed:
        return ""
    if len(set(given)) == 1:
        return f"Every job got {given[0]!r}: which fields does your rule read?"
    if all(job["writes"] == "nothing" for job, _ in missed):
        return "All misses are teams that write no code: what does the result feed?"
    coded = [job for job, _ in missed if job["writes"] != "nothing"]
    if len(coded) == len(missed) and all(job["writes"] == "pandas" for job in coded):
        return "All misses write pandas: how much memory do their gigabytes take, and what becomes of those that do not fit?"
    if all(job["needs"] != "none" for job in coded) and len(coded) == len(missed):
        return "All misses need more than Spark: where does your rule use `needs`?"
    if len(coded) == len(missed):
        return "All misses write code: what does a day cost by Glue, and what by a cluster that is always up?"
    return "Ask the questions of the table from top to bottom."
