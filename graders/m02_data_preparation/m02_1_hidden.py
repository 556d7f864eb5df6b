# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m02_1."""

from __future__ import annotations

import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import find_all_share, guard_share, rule_share

from .m02_1 import check_names, check_tool, ex1, ex2, ex3, ex4, stops
from .m02_1_cases import CORRUPTIONS, PRACTICE_COLUMNS, SEASONS, clean_day, corrupted_day, jobs, records
from .m02_1_columns_hidden import NEVER, columns_of
from .m02_1_split import PARTS, judge_job

MEMORY_FACTOR = 5  # pandas needs about five times the size of the data


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    named = check_names(answer, report, "found")
    if named is None:
        return
    named -= {column.name for column in PRACTICE_COLUMNS}
    table = {column.name: column for column in columns_of(answer.variant())}
    wanted = {name for name, column in table.items() if column.is_unknown}
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
    kinds = ({"airline": "AA"}, {"airline": "MQ"}, {})
    # A flight number occurs twice in summer only, the first of the seasons.
    good = [{"repeating": True} if number % 4 == 0 else kinds[number % 3] | {"months": SEASONS[number % 4]} for number in range(12)]
    alarms = [not answer.call("accept", clean_day(answer.rng, **kind)) for kind in good]
    caught = {kind: [stops(answer, corrupted_day(answer.rng, kind)) or False for _ in range(2)] for kind in CORRUPTIONS}
    every = [found for pair in caught.values() for found in pair]
    whole = sum(all(pair) for pair in caught.values())
    stopped = f"{sum(every)} of {len(every)} corrupted days ({whole} of {len(caught)} kinds)"
    said = f"`accept(...)` stopped {stopped} and {sum(alarms)} of {len(alarms)} clean ones."
    report.part("guard", guard_share(every, alarms), f"{said} {_why_guard(caught, alarms)}")


SLIPPED = (  # kinds of corruption, and what to ask when one of them is not stopped
    (
        {"all_celsius", "all_kilometres", "wind_unit"},
        "A whole column in another unit slips through: the day agrees with itself, so compare it with other days.",
    ),
    ({"celsius", "kilometres"}, "Units slip through: each value is possible by itself, so compare columns, or rows of one route."),
    ({"minutes"}, "A clock slips through: how large can the last two digits of hhmm be?"),
    ({"utc"}, "A clock slips through: which two columns have the hour?"),
    ({"half"}, "Lost rows slip through: how many flights does a day have?"),
    ({"repeated"}, "Repeated rows slip through: what makes a flight one flight?"),
    ({"planes_lost"}, "A join that lost its planes slips through: for which airlines are seats missing on a good day?"),
    ({"exchanged", "swapped"}, "Exchanged columns slip through: which values can only be in one of the two?"),
    ({"column_lost"}, "A missing column slips through: which columns does a good day have, and what if one is not there?"),
    ({"spike"}, "What is impossible by itself slips through."),
)


def _why_guard(caught: dict[str, list[bool]], alarms: list[bool]) -> str:
    if all(alarms):
        said = "Every clean day is stopped. Look at two things: limits that come from the one day shown,"
        return f"{said} and values that good days lack, such as gusts and the seats of some planes."
    slipped = {kind for kind, pair in caught.items() if not all(pair)}
    whys = [why for kinds, why in SLIPPED if kinds & slipped]
    if any(alarms[::4]) and not any(alarm for number, alarm in enumerate(alarms) if number % 4):
        whys.insert(0, "The clean days that you stop have a flight number twice, from two airports: what makes a flight one flight?")
    elif any(alarms):
        fires = "Which of your rules fires on another day than the one you looked at? Think of winter, and of values that are missing."
        whys.insert(0, fires)
    return " ".join(whys[:2])


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    borders = (f"2013-02-{answer.rng.randint(5, 12):02}", f"2013-02-{answer.rng.randint(20, 27):02}")
    flights = records(answer.rng, *borders)
    judge_job(answer, report, flights, right_parts(flights, borders), borders)


def right_parts(flights: pd.DataFrame, borders: tuple[str, str]) -> pd.DataFrame:
    """By the id of each flight that arrived: its part, whether it was late, and its minute of departure."""
    flown = flights[flights.arr_delay != ""].set_index("id")
    day = pd.to_datetime(flown[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    clock = flown.sched_dep_time
    return pd.DataFrame(
        {
            "part": day.map(lambda date: PARTS[sum(date >= border for border in borders)]),
            "late": (flown.arr_delay.astype(int) > 15).astype(int),
            "departure_minute": clock // 100 * 60 + clock % 100,
        }
    )


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
    if all(right_tool(job) == "Processing" and job["needs"] != "none" for job, _ in missed):
        return "All misses write pandas that fits into memory, and need more than Spark: which of these questions does the table ask first?"
    if len(coded) == len(missed) and all(job["writes"] == "pandas" for job in coded):
        return "All misses write pandas: how much memory do their gigabytes take, and what becomes of those that do not fit?"
    if all(job["needs"] != "none" for job in coded) and len(coded) == len(missed):
        return "All misses need more than Spark: where does your rule use `needs`?"
    if len(coded) == len(missed):
        return "All misses write code: what does a day cost by Glue, and what by a cluster that is always up?"
    return "Ask the questions of the table from top to bottom."
