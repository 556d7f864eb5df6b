"""The same rows in each format are the same table, with the roles of its columns."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course.localaws.images.clarify import datasets
from course.localaws.images.clarify.configuration import Analysis, parse
from course.localaws.images.clarify.datasets import DatasetError

NAMES = ["age", "sex", "city", "target"]
ROWS = pd.DataFrame({"age": [30, 41, 25], "sex": [0, 1, 1], "city": ["Oslo", "Rome, IT", "Oslo"], "target": [1, 0, 1]})


def analysis(kind: str = "text/csv", **members: object) -> Analysis:
    config = {"dataset_type": kind, "label": "target", "label_values_or_threshold": [1], "facet": [{"name_or_index": "sex"}]}
    methods = {"pre_training_bias": {"methods": "all"}}
    return parse(json.dumps({name: value for name, value in (config | {"methods": methods} | members).items() if value is not None}))


def nothing(uri: str) -> Path:
    raise AssertionError(f"{uri} was asked for")


def read(folder: Path, settings: Analysis, fetch: Callable[[str], Path] = nothing) -> datasets.Dataset:
    return datasets.read(folder, settings, fetch)


def lines(rows: pd.DataFrame) -> str:
    return "".join(json.dumps({"f": row[:3], "y": row[3]}) + "\n" for row in rows.to_numpy().tolist())


def document(rows: pd.DataFrame) -> str:
    return json.dumps({"instances": [{"f": row[:3], "y": row[3]} for row in rows.to_numpy().tolist()]})


@pytest.mark.parametrize(
    ("name", "write", "settings"),
    [
        ("a.csv", lambda path: path.write_text(ROWS.to_csv(index=False)), analysis()),
        ("a.csv", lambda path: path.write_text(ROWS.to_csv(index=False)), analysis(headers=NAMES)),
        ("a.csv", lambda path: path.write_text(ROWS.to_csv(index=False, header=False)), analysis(headers=NAMES)),
        ("a.csv", lambda path: path.write_text(ROWS.to_csv(index=False, header=[*"wxyz"])), analysis(headers=NAMES)),
        ("a.csv.gz", lambda path: path.write_bytes(gzip.compress(ROWS.to_csv(index=False).encode())), analysis()),
        ("a.parquet", lambda path: ROWS.to_parquet(path), analysis("application/x-parquet")),
        ("a.jsonl", lambda path: path.write_text(lines(ROWS)), analysis("application/jsonlines", features="f", label="y", headers=NAMES)),
        (
            "a.json",
            lambda path: path.write_text(document(ROWS)),
            analysis("application/json", features="instances[*].f", label="instances[*].y", headers=NAMES),
        ),
        (
            "a.jsonl",
            lambda path: path.write_text(ROWS.to_json(orient="records", lines=True)),
            analysis("application/jsonlines"),
        ),
    ],
)
def test_each_format_is_the_same_table(tmp_path: Path, name: str, write: Callable[[Path], object], settings: Analysis) -> None:
    write(tmp_path / name)
    found = read(tmp_path, settings)
    pd.testing.assert_frame_equal(found.table, ROWS, check_dtype=False)
    assert (found.features, found.label, found.facets) == (NAMES[:3], "target", ["sex"])


def test_a_file_without_names_gets_those_of_aws(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS.to_csv(index=False, header=False))
    found = read(tmp_path, analysis(label=3, facet=[{"name_or_index": 1}]))
    assert list(found.table.columns) == ["column_0", "column_1", "column_2", "column_3"]
    assert (found.label, found.facets) == ("column_3", ["column_1"])


def test_the_model_gets_no_label_no_identifier_and_nothing_excluded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS.assign(id=range(3), guess=1).to_csv(index=False))
    more = {"excluded_columns": ["city"], "joinsource_name_or_index": "id", "predicted_label": "guess", "group_variable": 0}
    found = read(tmp_path, analysis(**more))
    assert (found.features, found.join, found.predicted, found.group) == (["age", "sex"], "id", "guess", "age")


def test_the_files_of_a_folder_are_one_dataset(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.csv").write_text(ROWS.to_csv(index=False))
    assert len(read(tmp_path, analysis()).table) == 6


@pytest.mark.parametrize("join", [None, "id"])
def test_facets_and_predictions_may_come_from_elsewhere(tmp_path: Path, join: str | None) -> None:
    """By the row's number, or by an identifier in whatever order. The model gets nothing of them."""
    order = np.array([2, 0, 1]) if join else np.arange(3)
    ids = ROWS.assign(id=[7, 8, 9])
    tables = {
        "data": ids[["id", "age", "target"]] if join else ids[["age", "target"]],
        "facets": ids.iloc[order][["id", "sex"] if join else ["sex"]],
        "predicted": ids.iloc[order].assign(guess=[5, 6, 7])[["id", "guess"] if join else ["guess"]],
    }
    for name, table in tables.items():
        (tmp_path / name).mkdir()
        table.to_csv(tmp_path / name / "a.csv", index=False)
    settings = analysis(
        facet_dataset_uri="facets", predicted_label_dataset_uri="predicted", predicted_label="guess", joinsource_name_or_index=join
    )
    found = read(tmp_path / "data", settings, lambda uri: tmp_path / uri)
    assert found.table["sex"].tolist() == ROWS["sex"].tolist() and found.features == ["age"]
    expected = pd.Series([5, 6, 7], index=order).sort_index().tolist()
    assert found.table[found.predicted].tolist() == expected


@pytest.mark.parametrize(
    ("name", "body", "members", "words"),
    [
        ("a.csv", "", {}, "is empty"),
        ("a.csv", "age,sex,city,target\n", {}, "no rows"),
        ("a.csv", "1,2,3\n", {"headers": NAMES}, "3 columns, but headers has 4"),
        ("a.csv", "age,age,target\n1,2,3\n", {}, "two columns of the same name"),
        ("a.csv", 'age,sex,target\n1,"2', {}, "is not CSV"),
        ("a.csv", "age,gender,target\n1,2,3\n", {}, "facet is 'sex', but the dataset has the 3 columns age, gender, target"),
        ("a.csv", "age,sex\n1,2\n", {}, "label is 'target'"),
        ("a.csv", "age,sex,target\n1,2,3\n", {"label": 9}, "label is 9"),
        ("a.parquet", "no", {"dataset_type": "application/x-parquet"}, "is not Parquet"),
        ("a.json", "{", {"dataset_type": "application/json", "features": "x"}, "is not JSON"),
        ("a.json", "[]", {"dataset_type": "application/json", "features": "x"}, "finds nothing"),
        ("a.json", '{"x": 1}', {"dataset_type": "application/json", "features": "x"}, "must find a list of rows"),
        ("a.json", '{"x": [[1], [2]], "target": [1]}', {"dataset_type": "application/json", "features": "x"}, "must find 2 values"),
        ("a.json", '{"x": [[1], [2, 3]], "target": [1, 2]}', {"dataset_type": "application/json", "features": "x"}, "different numbers"),
        ("a.json", '{"x": [[1]]}', {"dataset_type": "application/json", "features": "x["}, "cannot be used"),
        ("a.jsonl", '{"x": 3, "target": 1}', {"dataset_type": "application/jsonlines", "features": "x"}, "must be a list or an object"),
    ],
)
def test_a_fault_of_the_data_is_named(tmp_path: Path, name: str, body: str, members: dict[str, object], words: str) -> None:
    (tmp_path / name).write_text(body)
    with pytest.raises(DatasetError) as error:
        read(tmp_path, analysis(**{"kind": members.pop("dataset_type", "text/csv")} | members))
    assert words in str(error.value)


def test_no_data_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no data"):
        read(tmp_path, replace(analysis()))
