"""Requests in each content type, and labels and scores from answers as the SDK's documentation describes them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.clarify import payloads
from course.localaws.images.clarify.configuration import Predictor
from course.localaws.images.clarify.payloads import AnswerError, Outputs

CSV, LINES, JSON = "text/csv", "application/jsonlines", "application/json"
ROWS = pd.DataFrame({"A": [0, 3], "B": [1, 4]})


def bodies(predictor: Predictor, table: pd.DataFrame = ROWS, largest: int = 10_000) -> list[tuple[str, int]]:
    return [(body.decode(), count) for body, count in payloads.requests(table, predictor, largest)]


@pytest.mark.parametrize(
    ("template", "record", "expected"),
    [
        ('{"instances": $records}', "$features", {"instances": [[0, 1], [3, 4]]}),
        ("$records", "$features_kvp", [{"A": 0, "B": 1}, {"A": 3, "B": 4}]),
        ("$records", '{"A": "${A}", "B": "${B}"}', [{"A": 0, "B": 1}, {"A": 3, "B": 4}]),
        ("$records", '{"names": $feature_names, "row": $features}', [{"names": ["A", "B"], "row": row} for row in ([0, 1], [3, 4])]),
    ],
)
def test_templates_of_json(template: str, record: str, expected: Any) -> None:
    [(body, count)] = bodies(Predictor(content_type=JSON, content_template=template, record_template=record))
    assert (json.loads(body), count) == (expected, 2)


def test_a_single_record_is_one_request() -> None:
    found = bodies(Predictor(content_type=JSON, content_template='{"x": $record}', record_template="$features_kvp"))
    assert [(json.loads(body), count) for body, count in found] == [({"x": {"A": 0, "B": 1}}, 1), ({"x": {"A": 3, "B": 4}}, 1)]


def test_json_lines() -> None:
    [(body, count)] = bodies(Predictor(content_type=LINES, content_template='{"features": $features}'))
    assert ([json.loads(line) for line in body.splitlines()], count) == ([{"features": [0, 1]}, {"features": [3, 4]}], 2)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=6) | st.integers() | st.none()


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.integers(1, 60))
def test_every_row_is_sent_once_in_order(rows: list[tuple[Any, Any]], largest: int) -> None:
    """Whatever the texts are, and however small requests must be; in CSV, in JSON lines and in JSON."""
    table = pd.DataFrame(rows, columns=["$features", 'B"'], dtype=object)
    wanted = [["" if value is None else str(value) for value in row] for row in rows]
    sent = bodies(Predictor(), table, largest)
    assert [row for body, _ in sent for row in csv.reader(io.StringIO(body, newline=""))] == wanted
    assert sum(count for _, count in sent) == len(rows)
    lines = bodies(Predictor(content_type=LINES, content_template="$features"), table, largest)
    assert [json.loads(line) for body, _ in lines for line in body.split("\n") if line] == [list(row) for row in rows]
    records = bodies(Predictor(content_type=JSON, content_template="$records", record_template="$features_kvp"), table, largest)
    assert [list(row.values()) for body, _ in records for row in json.loads(body)] == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("text", "kind", "outputs", "scores"),
    [
        ("0.2\n0.8\n", CSV, Outputs(), [[0.2], [0.8]]),
        ("0.2,0.8", "text/csv; charset=utf-8", Outputs(), [[0.2], [0.8]]),  # as AWS's XGBoost answers
        ("0,0.2\n1,0.8\n", CSV, Outputs(label=0, probability=1), [[0.2], [0.8]]),
        ('1,"[0.2, 0.8]"\n0,"[0.7, 0.3]"\n', CSV, Outputs(label=0, probability=1), [[0.2, 0.8], [0.7, 0.3]]),
        ("0.1,0.9\n0.6,0.4\n", CSV, Outputs(), [[0.1, 0.9], [0.6, 0.4]]),
        ('{"p": 0.2}\n{"p": 0.8}\n', LINES, Outputs(probability="p"), [[0.2], [0.8]]),
        ('{"predictions": [{"s": 0.2}, {"s": 0.8}]}', JSON, Outputs(probability="predictions[*].s"), [[0.2], [0.8]]),
        ("[0.2, 0.8]", JSON, Outputs(), [[0.2], [0.8]]),
        ("[[0.1, 0.9], [0.6, 0.4]]", JSON, Outputs(), [[0.1, 0.9], [0.6, 0.4]]),
    ],
)
def test_scores_of_each_kind_of_answer(text: str, kind: str, outputs: Outputs, scores: list[list[float]]) -> None:
    found = payloads.answers(text, kind, 2, outputs)
    np.testing.assert_array_equal(payloads.scores(found), scores)


PETS = ["cat", "dog", "fish"]


@pytest.mark.parametrize(
    ("text", "kind", "outputs", "threshold", "known", "expected"),
    [
        ("0.3\n0.1\n", CSV, Outputs(), 0.2, [0, 1], [1, 0]),
        ("0.3\n0.1\n", CSV, Outputs(label_headers=["yes"]), 0.2, ["no", "yes"], ["yes", "no"]),
        ('{"probability": 0.3}\n{"probability": 0.6}\n', LINES, Outputs(label="probability"), None, [0, 1], [0, 1]),
        ("1,0.9\n0,0.2\n", CSV, Outputs(label=0), None, [0, 1], [1, 0]),
        ("1.0\n0.0\n", CSV, Outputs(), None, [0, 1], [1, 0]),
        ("2\n0\n", CSV, Outputs(), None, [0, 1, 2], [2, 0]),
        ("fish\ncat\n", CSV, Outputs(), None, PETS, ["fish", "cat"]),
        (
            '{"l": ["cat", "dog", "fish"], "p": [0.3, 0.2, 0.5]}\n{"l": ["cat", "dog", "fish"], "p": [0.6, 0.2, 0.2]}\n',
            LINES,
            Outputs("l", "p"),
            None,
            PETS,
            ["fish", "cat"],
        ),
        ("0.3,0.2,0.5\n0.6,0.2,0.2\n", CSV, Outputs(label_headers=PETS), None, PETS, ["fish", "cat"]),
    ],
)
def test_predicted_labels_as_the_sdk_describes_them(
    text: str, kind: str, outputs: Outputs, threshold: float | None, known: list[Any], expected: list[Any]
) -> None:
    found = payloads.answers(text, kind, 2, outputs)
    labels = payloads.predicted_labels(found, outputs, threshold, known, continuous=False)
    assert labels == expected and all(type(label) is type(known[0]) for label in labels)


def test_a_regression_is_its_own_label() -> None:
    found = payloads.answers("1.2\n0.4\n", CSV, 2, Outputs())
    assert payloads.predicted_labels(found, Outputs(), None, [0.5, 1.0, 2.0], continuous=True) == [1.2, 0.4]


@pytest.mark.parametrize(
    ("text", "kind", "outputs", "words"),
    [
        ("0.1\n", CSV, Outputs(), "1 predictions to 2 rows"),
        ("{", JSON, Outputs(), "cannot be read as application/json"),
        ('{"p": [1, 2]}', JSON, Outputs(), "must say where"),
        ('{"p": 1}\n{"p": 2}\n', LINES, Outputs(), "must say where"),
        ('{"p": 1}\n{"p": 2}\n', LINES, Outputs(probability="q"), "finds nothing"),
        ("1\n2\n", CSV, Outputs(label=3), "no element 3"),
        ("a,b\nc,d\n", CSV, Outputs(probability=0), "must be numbers"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(text: str, kind: str, outputs: Outputs, words: str) -> None:
    with pytest.raises(AnswerError) as error:
        payloads.answers(text, kind, 2, outputs)
    assert words in str(error.value)


def test_a_text_is_no_score() -> None:
    with pytest.raises(AnswerError, match="no number"):
        payloads.scores(payloads.answers("yes\nno\n", CSV, 2, Outputs()))


@given(st.text(), st.sampled_from([CSV, LINES, JSON]), st.sampled_from([Outputs(), Outputs(0), Outputs(None, "a.b"), Outputs("[0]", 1)]))
def test_any_answer_is_read_or_refused(text: str, kind: str, outputs: Outputs) -> None:
    try:
        found = payloads.answers(text, kind, 2, outputs)
        payloads.predicted_labels(found, outputs, None, [0, 1], False)
    except AnswerError as error:
        assert str(error)
