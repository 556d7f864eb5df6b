"""m02_1: the practice cases follow the rules of the hidden checks, and of two mistakes both are reported."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from course.grading import catalogue
from course.grading.report import Report

FOLDER = Path(__file__).parents[2] / "graders" / "m02_data_preparation"
cases = catalogue.load_module(FOLDER / "m02_1_cases.py")
columns = catalogue.load_module(FOLDER / "m02_1_columns_hidden.py")
split = catalogue.load_module(FOLDER / "m02_1_split.py")
hidden = catalogue.load_module(FOLDER / "m02_1_hidden.py")
EX3 = catalogue.find("m02_1_ex3", FOLDER.parent)

FLIGHTS = pd.DataFrame([row[:8] for row in cases.PRACTICE_RECORDS], columns=cases.RECORDS)
BORDERS = cases.PRACTICE_BORDERS


def findings(parts: dict[str, pd.DataFrame]) -> dict[str, str]:
    """The messages about these parts of the practice flights, by part."""
    report = Report(EX3)
    split.compare(report, FLIGHTS, hidden.right_parts(FLIGHTS, BORDERS), parts, BORDERS)
    return {part.name: part.message for part in report.parts}


def tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {part: rows[rows.part == part].drop(columns="part") for part in split.PARTS}


def test_the_practice_flights_follow_the_rule() -> None:
    written = {row[0]: row[8] for row in cases.PRACTICE_RECORDS if row[8]}
    right = hidden.right_parts(FLIGHTS, BORDERS)
    assert {flight: tuple(values) for flight, values in zip(right.index, right.itertuples(index=False), strict=True)} == written


def test_right_parts_have_no_finding_and_of_two_mistakes_both_are_reported() -> None:
    right = hidden.right_parts(FLIGHTS, BORDERS).reset_index()
    assert findings(tables(right)) == {"request": "", "job": "", "split": "", "values": ""}
    found = findings(tables(right.assign(late=1 - right.late, departure_minute=0)))
    assert "`late` is right for 0" in found["values"] and "`departure_minute` is right for 0" in found["values"]
    twice = pd.concat([right, right[:1]])[1:-1]
    found = findings(tables(pd.concat([twice, twice[-1:], pd.DataFrame([("p05", "test", 0, 0)], columns=right.columns)])))
    assert all(words in found["split"] for words in ("twice in one", "without an arrival delay", "are in no part"))


def test_of_two_mistakes_in_a_request_both_are_reported() -> None:
    report = Report(EX3)
    request = dict.fromkeys(split.NEEDED, {}) | {
        "ProcessingJobName": "another",
        "AppSpecification": {"ContainerArguments": [7]},
        "ProcessingInputs": [{"S3Input": {"S3Uri": "s3://bucket/split.py"}}, {"S3Input": {"S3Uri": "s3://bucket/records"}}],
        "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": f"s3://bucket/parts/{part}"}} for part in split.PARTS]},
    }
    assert not split.check_request(report, request, "name", *(f"s3://bucket/{key}" for key in ("split.py", "records", "parts")))
    message = next(part.message for part in report.parts if part.name == "request")
    assert "calls the job 'another'" in message and "hands the script 7" in message


@pytest.mark.parametrize("kind", cases.CORRUPTIONS)
def test_a_corruption_changes_the_day(kind: str) -> None:
    rng = random.Random(kind)
    day = cases.clean_day(rng, gusty=kind == "swapped")
    assert not cases.CORRUPTIONS[kind](rng, day.copy()).equals(day)


def test_the_number_of_flights_does_not_tell_repeated_rows() -> None:
    good = {len(cases.clean_day(random.Random(seed))) for seed in range(20)}
    assert min(good) < 295 and max(good) > 305
    repeated = {len(cases.corrupted_day(random.Random(seed), "repeated")) for seed in range(20)}
    assert min(repeated) < max(good)


def test_seats_missing_in_a_storm_are_fewer_than_those_of_a_broken_join() -> None:
    def missing(day: pd.DataFrame) -> float:
        return day[~day.carrier.isin(cases.FEW_KNOWN)].seats.isna().mean()

    storms = [cases.clean_day(random.Random(seed), airline="MQ", months=(2,)) for seed in range(80)]
    assert max(map(missing, storms)) < 0.35 < min(missing(cases.corrupted_day(random.Random(seed), "planes_lost")) for seed in range(40))


def test_the_last_moment_is_among_the_columns() -> None:
    for seed in range(20):
        drawn = columns.columns_of(random.Random(seed))
        assert [(column.name, column.description) for column in drawn] == [
            (column.name, column.description) for column in cases.columns(random.Random(seed))
        ]
        unknown = [column for column in drawn if column.is_unknown]
        assert len(drawn) == 24 and len(unknown) == 11
        assert sorted(hour + cases.WINTER - read for read, hour in (c.numbers for c in drawn if c.kind == "utc")) == [0, 1, 2, 3]
