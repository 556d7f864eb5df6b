"""The data files match the manifest. A damaged file gives an error with the command that repairs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import datasets

ROOT = Path(__file__).parents[2]
NAMES = list(json.loads((ROOT / "data" / "manifest.json").read_text())["files"])


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A private copy of the data folder that `datasets` reads."""
    folder = shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_the_manifest_says(name):
    declared = datasets.entry(name)
    table = pq.read_table(datasets.path(name))
    assert table.num_rows == declared["rows"]
    assert [(field.name, datasets.type_name(field.type)) for field in table.schema] == [
        (column["name"], column["type"]) for column in declared["columns"]
    ]
    assert datasets.content_hash(table) == declared["content_sha256"]
    assert datasets.path(name).stat().st_size == declared["bytes"]


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_names_the_source_of_each_file(name):
    declared = datasets.entry(name)
    source = datasets.manifest()["sources"][declared["source"]]
    assert source["licence"] and source["version"]
    assert source["url"].startswith("https://") if declared["source"] != "trained" else source["url"] is None  # made by our own script
    assert declared["origin"] and declared["position"] and declared["synthetic"] in (True, False)
    assert (ROOT / declared["build"]).is_file()
    assert all(column["meaning"] for column in declared["columns"])


def test_the_whole_is_under_ten_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "data").glob("*.parquet")) < 10e6


def test_no_parquet_file_is_left_undeclared():
    assert {path.stem for path in (ROOT / "data").glob("*.parquet")} == set(NAMES)


def test_flights_are_the_flights_of_2013():
    flights = datasets.load("flights")
    assert len(flights) == 336_776
    landed = flights.arr_delay.dropna()
    assert len(landed) == 327_346
    assert round((landed > 15).mean(), 3) == 0.237
    local = flights.time_hour.dt.tz_convert("America/New_York")
    assert (local.dt.hour == flights.hour).all() and (local.dt.day == flights.day).all()


def test_no_row_of_the_mortgages_is_incomplete():
    mortgages = datasets.load("hmda")
    assert len(mortgages) == 2_380 and not mortgages.isna().any(axis=None)
    assert (mortgages.afam == "yes").sum() == 339


def test_columns_are_read_in_the_requested_order():
    assert list(datasets.load("airlines", columns=["name", "carrier"])) == ["name", "carrier"]


def test_an_unknown_column_is_an_error_that_lists_the_known(copy):
    with pytest.raises(datasets.DatasetError, match="no column 'nme'; it has carrier, name"):
        datasets.load("airlines", columns=["nme"])


def test_an_unknown_data_set_is_an_error_that_lists_the_known():
    with pytest.raises(datasets.DatasetError, match="no data set 'fligths'; there are flights, weather"):
        datasets.path("fligths")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def overwrite_with_text(path: Path) -> None:
    path.write_text("carrier,name\n9E,Endeavor Air Inc.\n")


def change_a_value(path: Path) -> None:
    table = pq.read_table(path).to_pandas()
    table.loc[0, "name"] = "Another Air"
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)


def scramble_the_footer(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-200:-20] = bytes(180)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "is missing"),
        (truncate, "is truncated"),
        (overwrite_with_text, "is not a Parquet file"),
        (change_a_value, "has other rows"),
        (scramble_the_footer, "cannot be read as Parquet"),
    ],
)
def test_damage_names_the_file_the_fault_and_the_command(copy, damage, words):
    damage(copy / "airlines.parquet")
    with pytest.raises(datasets.DatasetError) as caught:
        datasets.load("airlines")
    assert str(copy / "airlines.parquet") in str(caught.value)
    assert words in str(caught.value)
    assert f"run `make data` in {copy.parent}" in str(caught.value)


def test_damage_without_the_build_script_points_to_the_package(copy):
    (copy / "build.py").unlink()
    truncate(copy / "airlines.parquet")
    with pytest.raises(datasets.DatasetError, match="from the package that your instructor gave you"):
        datasets.path("airlines")


def test_a_broken_manifest_says_how_to_restore_it(copy):
    (copy / "manifest.json").write_text('{"files": ')
    with pytest.raises(datasets.DatasetError, match="not valid JSON.*git checkout -- data/manifest.json"):
        datasets.path("airlines")


def test_the_same_rows_in_other_bytes_are_accepted(copy):
    table = pq.read_table(copy / "airlines.parquet")
    pq.write_table(table, copy / "airlines.parquet", compression="none", row_group_size=3)
    assert len(datasets.load("airlines")) == 16


def test_the_folder_is_found_from_anywhere_below_it(tmp_path, monkeypatch, copy):
    monkeypatch.delenv("COURSE_DATA")
    below = tmp_path / "notebooks" / "m00_start"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert datasets.folder() == copy


def test_a_wrong_course_data_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(datasets.DatasetError, match="COURSE_DATA"):
        datasets.folder()


columns = st.lists(
    st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.text(), st.none() | st.floats(allow_nan=False)), max_size=20
)


def as_table(rows) -> pa.Table:
    kinds = pa.schema([("number", pa.int64()), ("text", pa.string()), ("share", pa.float64())])
    return pa.Table.from_pylist([dict(zip(kinds.names, row, strict=True)) for row in rows], schema=kinds)


@given(columns)
def test_the_content_hash_does_not_see_chunks_and_string_layout(rows):
    table = as_table(rows)
    pieces = pa.concat_tables([table.slice(0, len(rows) // 2), table.slice(len(rows) // 2)])
    wide = table.set_column(1, "text", table.column("text").cast(pa.large_string()))
    assert datasets.content_hash(table) == datasets.content_hash(pieces) == datasets.content_hash(wide)


@given(columns, columns)
def test_the_content_hash_distinguishes_different_rows(rows, others):
    same = pd.Series(rows, dtype=object).tolist() == pd.Series(others, dtype=object).tolist()
    signs = [repr(row) for row in rows] == [repr(row) for row in others]  # 0.0 and -0.0 are equal but not the same
    assert (datasets.content_hash(as_table(rows)) == datasets.content_hash(as_table(others))) == (same and signs)


def test_a_type_the_manifest_does_not_know_is_refused():
    with pytest.raises(datasets.DatasetError, match="not int32"):
        datasets.content_hash(pa.table({"a": pa.array([1], pa.int32())}))
