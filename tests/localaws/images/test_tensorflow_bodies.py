"""The TensorFlow image's request bodies and numbers, without TensorFlow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course.localaws.images.tensorflow import requests, responses
from course.localaws.images.tensorflow.request_bodies import from_csv, from_json
from course.localaws.images.tensorflow.requests import InvalidArgument, TensorType

FLOAT, DOUBLE, INT32, INT64, STRING = (
    TensorType("float", np.float32),
    TensorType("double", np.float64),
    TensorType("int32", np.int32),
    TensorType("int64", np.int64),
    TensorType("string", object),
)


@pytest.mark.parametrize(
    ("body", "instances"),
    [
        ('{"instances": [1, 2]}', [1, 2]),
        ("[1.5, 2]", [[1.5, 2]]),  # a list is one instance
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ('{"x": 1}', [{"x": 1}]),
        ('{"x": 1}\n{"x": 2}\n', [{"x": 1}, {"x": 2}]),
        ("[1, 2]\r\n[3, 4]", [[1, 2], [3, 4]]),
        ("7", [7]),
    ],
)
def test_json_of_any_kind_becomes_instances(body: str, instances: list) -> None:
    assert json.loads(from_json(body)) == {"instances": instances}


def test_a_request_to_tensorflow_serving_stays_as_it_is() -> None:
    for body in ('{"inputs": {"x": [1]}}', '{"signature_name": "s", "examples": [{"x": 1}]}'):
        assert from_json(body) == body


@pytest.mark.parametrize(
    ("body", "instances"),
    [
        ("1,2.5\n\n-3e2,4\n", [[1, 2.5], [-300, 4]]),
        ("1\n2", [1, 2]),
        ('"a","b"\n"c","d"', [["a", "b"], ["c", "d"]]),
        ("word", ["word"]),
        ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,b,c", [["a", "b,c"]]),  # as in AWS's container: at most two columns of text without quotes
    ],
)
def test_csv_becomes_instances(body: str, instances: list) -> None:
    assert json.loads(from_csv(body)) == {"instances": instances}


def inputs(document: dict, **kinds: TensorType) -> dict[str, list]:
    arrays, _ = requests.tensors(document, kinds)
    return {name: array.tolist() for name, array in arrays.items()}


def test_rows_columns_and_base64() -> None:
    assert inputs({"instances": [[1, 2], [3, 4]]}, x=FLOAT) == {"x": [[1.0, 2.0], [3.0, 4.0]]}
    assert inputs({"instances": [{"x": 1, "y": "a"}, {"x": 2, "y": "é"}]}, x=INT32, y=STRING) == {"x": [1, 2], "y": [b"a", "é".encode()]}
    assert inputs({"inputs": {"x": [1], "y": [[2.5]]}}, x=INT64, y=DOUBLE) == {"x": [1], "y": [[2.5]]}
    assert inputs({"inputs": 3}, x=FLOAT) == {"x": 3.0}
    assert inputs({"instances": [{"b64": "aGk="}, {"b64": "aGk"}]}, x=STRING) == {"x": [b"hi", b"hi"]}
    assert inputs({"instances": [{"b64": "aGk="}]}, b64=STRING) == {"b64": [b"hi"]}


@pytest.mark.parametrize(
    ("document", "kinds", "words"),
    [
        ({"instances": [1], "inputs": [1]}, {"x": FLOAT}, "expecting only one of 'inputs' or 'instances'"),
        ({"instances": []}, {"x": FLOAT}, "No values in 'instances' array"),
        ({"instances": [1]}, {"x": FLOAT, "y": FLOAT}, "instances is a plain list, but expecting list of objects"),
        (
            {"instances": [[1, 2], [3]]},
            {"x": FLOAT},
            "element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2",
        ),
        ({"instances": [[1, 2], [[3], [4]]]}, {"x": FLOAT}, r"Expecting shape \[2\] but got: \[2,1\]"),
        ({"instances": [[[1], 2]]}, {"x": FLOAT}, "found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        ({"instances": [{"x": 1}, 2]}, {"x": FLOAT}, "Expecting object but got list at item 1"),
        ({"instances": [{"x": 1}]}, {"x": FLOAT, "y": FLOAT}, "keys must be equal to: x,y"),
        ({"instances": [{"z": 1}]}, {"x": FLOAT}, "does not have named input: z"),
        ({"instances": ["a"]}, {"x": FLOAT}, 'JSON Value: "a" Type: String is not of expected type: float'),
        ({"instances": [True]}, {"x": INT32}, "Type: True is not of expected type: int32"),
        ({"instances": [1.5]}, {"x": INT64}, "Type: Number is not of expected type: int64"),
        ({"instances": [1 << 31]}, {"x": INT32}, "is not of expected type: int32"),
        ({"instances": [16777217]}, {"x": FLOAT}, "16777217 to float without loss of precision"),
        ({"instances": [{"b64": "?"}]}, {"x": STRING}, "Unable to base64 decode"),
        ({"inputs": {"x": 1}}, {"x": FLOAT, "y": FLOAT}, "Missing named input: y in 'inputs' object"),
        ({"inputs": [1]}, {"x": FLOAT, "y": FLOAT}, "inputs is a plain value/list"),
        ({"signature_name": "s"}, {"x": FLOAT}, "Missing 'inputs' or 'instances' key"),
    ],
)
def test_what_does_not_fit_the_signature_is_refused_in_the_servers_words(document: dict, kinds: dict[str, TensorType], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        requests.tensors(document, kinds)


def test_examples_have_features_of_one_type_and_their_context() -> None:
    document = {"context": {"c": True}, "examples": [{"x": 1.5, "y": ["a", {"b64": "aGk="}]}, {"x": [2.5]}]}
    assert requests.examples(document) == [{"c": [1], "x": [1.5], "y": [b"a", b"hi"]}, {"c": [1], "x": [2.5]}]
    for wrong, words in (
        ({}, "key 'examples' is expected"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"x": [1, 1.5]}]}, "Unexpected element type in feature: x expecting type: int64"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            requests.examples(wrong)


def test_answers_are_laid_out_as_the_servers() -> None:
    one = {"y": (np.array([2.5, 3, 4.5], np.float32), FLOAT)}
    assert responses.rows(one) == '{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}'  # the first example in its documentation
    two = {"a": (np.array([[1, 2]]), INT64), "b_bytes": (np.array([b"hi"], object), STRING)}
    assert responses.rows(two) == (
        '{\n    "predictions": [\n        {\n            "a": [1, 2],\n            "b_bytes": {"b64": "aGk="}\n        }\n    ]\n}'
    )
    assert responses.columns(one) == '{\n    "outputs": [\n        2.5,\n        3.0,\n        4.5\n    ]\n}'
    assert json.loads(responses.columns(two)) == {"outputs": {"a": [[1, 2]], "b_bytes": [{"b64": "aGk="}]}}
    with pytest.raises(InvalidArgument, match="has inconsistent batch size: 1 expecting: 3"):
        responses.rows(one | {"z": (np.array([1]), INT64)})
    with pytest.raises(InvalidArgument, match="has no shape information"):
        responses.rows({"y": (np.array(1), INT64)})


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (0.2, "float", "0.2"),
        (1 / 3, "float", "0.333333343"),
        (1 / 3, "double", "0.33333333333333331"),
        (9000000, "float", "9e+06"),
        (0.00003, "float", "3e-05"),
        (100000, "float", "100000.0"),
        (float("nan"), "float", "NaN"),
        (float("-inf"), "double", "-Infinity"),
    ],
)
def test_numbers_have_the_servers_digits(number: float, kind: str, text: str) -> None:
    typed = requests.FLOATS[kind](number)
    assert responses.decimals([typed.item()], kind) == [text]
