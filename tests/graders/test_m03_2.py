"""m03_2: practice cases keep the rules that judge, exercise 2 follows the SDK's builder, and what the text says of the data is true."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from course import datasets
from course.exercises import skewed_features
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
GRADERS = ROOT / "graders" / "m03_feature_store"
cases, definitions, hidden, service = (catalogue.load_module(GRADERS / f"m03_2{part}.py") for part in ("_cases", "", "_hidden", "_service"))
seeds = st.integers(0, 2**32)


def test_the_practice_asks_keep_the_rule() -> None:
    assert all(hidden.as_of(cases.PRACTICE_EVENTS, ask) == wanted for ask, wanted in cases.PRACTICE_ASKS)


def test_the_practice_histories_keep_the_rule() -> None:
    assert all(hidden.right_verdict(*case) == word for case, word, _ in cases.PRACTICE_HISTORIES)


def test_the_practice_departures_are_on_the_clock_of_new_york() -> None:
    for departs, _, (minutes, weekday) in definitions.PRACTICE_DEPARTURES:
        local = departs.astimezone(hidden.NEW_YORK)
        assert (local.hour * 60 + local.minute, local.weekday()) == (minutes, weekday)


@given(seeds)
def test_asks_are_of_all_kinds_and_each_word_is_right_ten_times(seed: int) -> None:
    _, asks = cases.stored_events(random.Random(seed))
    assert {ask.kind for ask in asks} == {ask.kind for ask, _ in cases.PRACTICE_ASKS}
    words = [hidden.right_verdict(versions, time) for _, versions, time in cases.histories(random.Random(seed))]
    assert {word: words.count(word) for word in definitions.VERDICTS} == dict.fromkeys(definitions.VERDICTS, 10)


@given(seeds)
def test_three_costly_mistakes_and_two_others_are_planted(seed: int) -> None:
    mistakes = set(skewed_features.planted(random.Random(seed)))
    assert (len(mistakes & set(skewed_features.COSTLY)), len(mistakes & set(skewed_features.HARMLESS))) == (3, 2)


def test_a_drawn_service_has_two_skewed_features_that_cost() -> None:
    for seed in range(6):
        drawn, _ = service.drawn_service(random.Random(seed))
        costs = [drawn.cost(name) for name in drawn.skewed]
        assert len(costs) == 5
        assert sum(cost > 0.01 for cost in costs) >= 1
        assert sum(abs(cost) < 0.01 for cost in costs) >= 1


@pytest.mark.nightly  # asks Athena for each
def test_the_verdicts_are_those_of_the_builders_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SQL is the SDK's own, translated for DuckDB."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the SDK needs one when it is imported
    drawn = cases.histories(random.Random(3))
    asks = pd.DataFrame([(f"q{number}", f"r{number}", float(time)) for number, (_, _, time) in enumerate(drawn)], columns=list("qrt"))
    rows = [versions.assign(plane=f"r{number}", value=range(len(versions))) for number, (_, versions, _) in enumerate(drawn)]
    records = pd.concat(rows).astype({"event_time": float, "api_invocation_time": float})
    records["write_time"] = records.api_invocation_time
    found = _run(_builder_sql(), asks, records).set_index("q")["value.1"].to_dict()
    for number, (_, versions, time) in enumerate(drawn):
        known = versions.assign(value=range(len(versions)))[versions.event_time <= time].sort_values(["event_time", "api_invocation_time"])
        word = hidden.right_verdict(versions, time)
        if word in ("same", "late"):
            assert found[f"q{number}"] == known.value.iloc[-1]
        else:
            assert f"q{number}" not in found


def _builder_sql() -> str:
    """The point-in-time query of the SDK's dataset builder with one recent record, for the tables ``fs.asks`` and ``fs.records``."""
    from sagemaker.mlops.feature_store import dataset_builder as sdk

    def table(name: str, identifier: str, time: str, features: list[str], kind: sdk.TableType) -> sdk.FeatureGroupToBeMerged:
        event_time = sdk.FeatureDefinition(feature_name=time, feature_type=sdk.FeatureTypeEnum.FRACTIONAL.value)
        return sdk.FeatureGroupToBeMerged(
            features, features, features, "AwsDataCatalog", "fs", name, identifier, event_time, "r", table_type=kind
        )

    builder = sdk.DatasetBuilder(None, pd.DataFrame(), "s3://any", "q", "t")
    builder._event_time_identifier_feature_type = sdk.FeatureTypeEnum.FRACTIONAL
    builder.point_in_time_accurate_join().with_number_of_recent_records_by_record_identifier(1)
    builder._feature_groups_to_be_merged = [
        table("records", "plane", "event_time", ["plane", "event_time", "value"], sdk.TableType.FEATURE_GROUP)
    ]
    return builder._construct_query_string(table("asks", "q", "t", ["q", "r", "t"], sdk.TableType.DATA_FRAME))


def _run(sql: str, asks: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA fs")
        for name, rows in {"asks": asks, "records": records}.items():
            connection.register("given", rows)
            connection.execute(f"CREATE TABLE fs.{name} AS SELECT * FROM given")
            connection.unregister("given")
        return connection.execute(sqlglot.transpile(sql, read="trino", write="duckdb")[0]).df()


@pytest.fixture
def late_flights(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.syspath_prepend(ROOT / "solutions" / "m03_feature_store")
    before = {name for name in sys.modules if name.partition(".")[0] == "given"}
    yield importlib.import_module("given.late_flights")
    for name in [name for name in sys.modules if name.partition(".")[0] == "given" and name not in before]:
        del sys.modules[name]


@pytest.mark.nightly
def test_the_leak_promises_most_and_serves_worse_than_no_feature(late_flights: object) -> None:
    """November 2026, XGBoost 3.0.5, promised and served: none .718; at T .757; at departure .761, .723; hour of departure .774, .660."""
    features = late_flights.features
    flown = features.flights(datasets.path("flights"), months=(1, 8))
    state = features.airport_state(flown, every="1h")
    rows = late_flights.table(flown, datasets.path("weather"))
    local = rows.departs.dt.tz_convert(features.NEW_YORK)
    rows = rows.assign(month=local.dt.month)[local.dt.dayofyear % 4 == 0]
    past, test = rows[rows.month <= 6], rows[rows.month >= 7]

    def joined(part: pd.DataFrame, *how: str) -> pd.DataFrame:
        return part.join(late_flights.joined(part, how[0], state, late_flights.STATE, how[1]))

    served = joined(test, "asked_at", "backward")
    none = late_flights.auc(late_flights.trained(past, late_flights.FEATURES[:-2], 40), test)
    found = {}
    for name, how in {"T": ("asked_at", "backward"), "departure": ("departs", "backward"), "hour": ("departs", "forward")}.items():
        model = late_flights.trained(joined(past, *how), late_flights.FEATURES, 40)
        found[name] = late_flights.auc(model, joined(test, *how)), late_flights.auc(model, served)
    assert found["T"][0] == found["T"][1]
    assert found["T"][1] > none + 0.02
    assert found["T"][1] > found["departure"][1] + 0.01
    assert found["hour"][0] == max(promised for promised, _ in found.values())
    assert found["hour"][1] < none - 0.02
