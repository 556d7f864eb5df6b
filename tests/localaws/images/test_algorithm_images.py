"""The common code of the first-party algorithms: tables, hyperparameters, content types, requests and responses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course.localaws.images import algorithms, hyperparameters
from course.localaws.images.algorithms import AlgorithmClientError, channels, configuration, declared, payloads
from course.localaws.images.shared import recordio_protobuf

NAMES = ["kmeans", "pca", "knn", "linear-learner", "randomcutforest", "lda", "ntm"]
WORD_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\r\n\ufeff")  # a byte order mark at the start is skipped
NUMBERS = st.floats(-1e6, 1e6, width=32)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_each_algorithm_is_whole(name: str) -> None:
    declaration = declared(name)
    assert set(declaration) == {"name", "channels", "hyperparameters", "metrics", "autotune"} and "train" in declaration["channels"]
    assert set(declaration["autotune"]) <= set(declaration["hyperparameters"])
    for parameter, entry in declaration["hyperparameters"].items():
        assert entry["type"] in ("integer", "integers", "continuous", "boolean", "categorical", "list"), parameter
        assert "range" not in entry or hyperparameters.RANGE.fullmatch(entry["range"]), parameter
        assert ("range" in entry) or entry["type"] not in ("integer", "integers", "continuous"), parameter
        assert ("values" in entry) == (entry["type"] in ("categorical", "list")), parameter
        assert not (entry.get("required") and "default" in entry), parameter
    definitions = declaration["metrics"]["definitions"]
    assert 0 < len(definitions) <= 40 and all(re.compile(regex).groups == 1 for regex in definitions.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_hyperparameter_is_read_or_ignored_for_a_reason(name: str) -> None:
    """A hyperparameter that no module of the algorithm names has no effect, and its table says why."""
    folder = Path(algorithms.__file__).parent / name.replace("-", "_")
    text = "".join(path.read_text() for path in [*folder.glob("*.py"), folder.parent / "train.py"])
    unread = {parameter for parameter in declared(name)["hyperparameters"] if f'"{parameter}"' not in text}
    assert unread <= {parameter for parameter, entry in declared(name)["hyperparameters"].items() if entry.get("ignored")}


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_any_text_is_taken_or_refused_in_words(name: str, data: st.DataObject) -> None:
    table = declared(name)["hyperparameters"]
    values = st.one_of(st.text(max_size=8), st.sampled_from(["auto", "true", "1", "0.5", "-1", "[]", "[3, 2]", "inf", '["msd"]', '"3"']))
    given_values = data.draw(st.dictionaries(st.sampled_from([*table, "unknown", "_log_level"]), values))
    try:
        resolved = configuration.resolve(given_values, table)
    except AlgorithmClientError as error:
        assert "(caused by ValidationError)" in str(error)
    else:
        assert set(table) <= set(resolved) and "unknown" not in given_values


def test_types_of_hyperparameters() -> None:
    given_values = {"feature_dim": '"3"', "k": "2", "eval_metrics": '["msd","ssd"]', "local_lloyd_tol": "1e-3", "force_dense": "True"}
    resolved = configuration.resolve(given_values | {"_log_level": "info"}, declared("kmeans")["hyperparameters"])
    assert {name: resolved[name] for name in (*given_values, "_log_level", "epochs", "extra_center_factor")} == {
        "feature_dim": 3,
        "k": 2,
        "eval_metrics": ["msd", "ssd"],
        "local_lloyd_tol": 0.001,
        "force_dense": True,
        "_log_level": "info",
        "epochs": 1,
        "extra_center_factor": "auto",
    }


NUMERIC = {"integer": [1, 10, 50, np.int64(100)], "continuous": [0.5, 1e-05, np.float64(0.25), 2.5]}
# SDK v2 writes text by str, v3 by json.dumps; old releases of v2 put quotes around it.
WRITTEN = [str, lambda value: json.dumps(getattr(value, "item", lambda: value)()), lambda value: json.dumps(str(value))]


@pytest.mark.parametrize("name", NAMES)
def test_booleans_and_numbers_are_taken_as_the_sdks_write_them(name: str) -> None:
    for parameter, entry in declared(name)["hyperparameters"].items():
        assert not {"true", "false"} & {str(value).lower() for value in entry.get("values", ())}, f"{parameter} is a boolean"
        numbers = [value for value in NUMERIC.get(entry["type"], ()) if value in hyperparameters.Interval(entry["range"])]
        assert numbers or entry["type"] not in NUMERIC, parameter
        for value in [True, False, np.True_] if entry["type"] == "boolean" else numbers:
            for write in WRITTEN:
                resolved = configuration.resolve({parameter: write(value)}, {parameter: entry})[parameter]
                assert resolved == value and type(resolved) in (bool, int, float), (parameter, write(value))


@pytest.mark.parametrize(
    ("text", "layers"), [("[300, 50]", [300, 50]), ("300,50", [300, 50]), ('"[7]"', [7]), ("auto", "auto"), ("AUTO", "auto"), ("4", [4])]
)
def test_lists_of_integers(text: str, layers: object) -> None:
    given_values = {"feature_dim": "9", "num_topics": "2", "encoder_layers": text, "clip_gradient": "Inf"}
    resolved = configuration.resolve(given_values, declared("ntm")["hyperparameters"])
    assert resolved["encoder_layers"] == layers and resolved["clip_gradient"] == float("inf")


@pytest.mark.parametrize(
    ("name", "given_values", "message"),
    [
        ("kmeans", {}, "No value(s) were specified for 'feature_dim', 'k' which are required hyperparameter(s)"),
        ("kmeans", {"feature_dim": "1", "k": "1", "a": "", "b": ""}, "not allowed ('a', 'b' were unexpected)"),
        (
            "kmeans",
            {"feature_dim": "1", "k": "2.5"},
            "The value '2.5' is not valid for the 'k' hyperparameter which expects an integer in [1, +inf)",
        ),
        (
            "kmeans",
            {"feature_dim": "1", "k": "1", "extra_center_factor": "0"},
            "'extra_center_factor' hyperparameter which expects one of the following: 'auto'; or an integer in [1, +inf)",
        ),
        ("kmeans", {"feature_dim": "1", "k": "1", "eval_metrics": '["mse"]'}, "which accepts one of the following: 'msd', 'ssd'"),
        ("pca", {"feature_dim": "1", "num_components": "1"}, "No value(s) were specified for 'mini_batch_size'"),
        ("lda", {}, "No value(s) were specified for 'feature_dim', 'num_topics', 'mini_batch_size'"),
        ("lda", {"feature_dim": "1", "num_topics": "1", "mini_batch_size": "1", "alpha0": "0"}, "expects a number in (0, +inf)"),
        ("ntm", {"num_topics": "2"}, "No value(s) were specified for 'feature_dim' which are required hyperparameter(s)"),
        ("ntm", {"feature_dim": "1000001", "num_topics": "2"}, "expects an integer in [1, 1000000]"),
        ("ntm", {"feature_dim": "1", "num_topics": "1"}, "expects an integer in [2, 1000]"),
        (
            "ntm",
            {"feature_dim": "1", "num_topics": "2", "encoder_layers": "[3, 0]"},
            "The value '0' is not valid for the 'encoder_layers' hyperparameter which expects one of the following: 'auto'; or integers in "
            "[1, +inf)",
        ),
        ("ntm", {"feature_dim": "1", "num_topics": "2", "optimizer": "lion"}, "'sgd', 'adam', 'adagrad', 'adadelta', 'rmsprop'"),
        ("ntm", {"feature_dim": "1", "num_topics": "2", "sub_sample": "1.5"}, "expects a number in [0.0, 1.0]"),
    ],
)
def test_refusals_of_hyperparameters(name: str, given_values: dict[str, str], message: str) -> None:
    with pytest.raises(AlgorithmClientError) as caught:
        configuration.resolve(given_values, declared(name)["hyperparameters"])
    assert message in str(caught.value)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=NUMBERS), st.booleans())
def test_a_request_holds_the_same_in_every_format(table: np.ndarray, sparse: bool) -> None:
    keyed = []
    for row in table.tolist():
        kept = [number for number, value in enumerate(row) if value or not sparse]
        keyed.append({"keys": kept, "values": [row[number] for number in kept], "shape": [len(row)]})
    rows = [recordio_protobuf.Tensor(np.float32(it["values"]), np.array(it["keys"], np.uint64), tuple(it["shape"])) for it in keyed]
    bodies = {
        "text/csv": "\n".join(",".join(map(repr, row)) for row in table.tolist()).encode(),
        "text/csv; label_size=1": "\n".join(",".join(map(repr, [7, *row])) for row in table.tolist()).encode(),
        "application/x-recordio-protobuf": recordio_protobuf.write(recordio_protobuf.Record({"values": row}) for row in rows),
        "application/json": json.dumps({"instances": [{"data": {"features": element}} for element in keyed]}).encode(),
        "application/jsonlines": "\n".join(json.dumps({"features": row}) for row in table.tolist()).encode(),
    }
    for content_type, body in bodies.items():
        np.testing.assert_array_equal(payloads.decode(body, content_type), table)


@given(st.binary(max_size=40), st.sampled_from([*payloads.REQUESTS, "", "text/csv; label_size=x", "text/csv; encoding=none"]))
def test_any_body_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        features = payloads.decode(body, content_type)
    except payloads.RefusedError as error:
        assert error.status == (415 if not content_type else 400) and str(error)
    else:
        assert features.ndim == 2 and features.dtype == np.float32


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["instances", "features", "data", "values", "keys", "shape"]), inner, max_size=3)
        ),
    ),
    st.booleans(),
)
def test_any_json_is_read_or_refused(value: object, wrapped: bool) -> None:
    body = json.dumps({"instances": [{"data": {"features": value}}]} if wrapped else value).encode()
    for content_type in ("application/json", "application/jsonlines"):
        try:
            features = payloads.decode(body, content_type)
        except payloads.RefusedError as error:
            assert error.status == 400 and str(error)
        else:
            assert features.ndim == 2 and np.isfinite(features).all()


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=5), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_vocabulary_has_a_word_on_each_line(tmp_path_factory: pytest.TempPathFactory, words: list[str], end: str) -> None:
    folder = tmp_path_factory.mktemp("auxiliary")
    (folder / "vocab.txt").write_bytes("".join(word + end for word in words).encode())
    assert channels.vocabulary(folder, "auxiliary", "text/plain", len(words)) == words


@pytest.mark.parametrize(
    ("name", "content", "content_type", "message"),
    [
        ("words.txt", b"a\nb\n", "text/plain", "must hold the vocabulary in the file vocab.txt. It holds words.txt."),
        ("vocab.txt", b"a\nb\nc\n", "text/plain", "has 3 lines, and feature_dim is 2"),
        ("vocab.txt", b"a\n\xff\n", "", "is not UTF-8: byte 2 is wrong"),
        ("vocab.txt", b"a\nb\n", "text/csv", "No iterator has been registered for ContentType ('text/csv', '1.0')"),
    ],
)
def test_what_is_no_vocabulary(tmp_path: Path, name: str, content: bytes, content_type: str, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AlgorithmClientError) as caught:
        channels.vocabulary(tmp_path, "auxiliary", content_type, 2)
    assert message in str(caught.value)


@given(st.text(max_size=30))
def test_any_content_type_of_a_channel_is_known_or_refused(text: str) -> None:
    try:
        form, label_size = channels.content_type_of(text)
    except AlgorithmClientError:
        return
    assert form in channels.TYPES and label_size in (0, 1)


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", ("application/json", False)),
        ("*/*", ("application/json", False)),
        ("application/jsonlines", ("application/jsonlines", False)),
        ("text/csv, application/jsonlines", ("application/jsonlines", False)),
        ("application/json; verbose=true", ("application/json", True)),
        ("application/x-recordio-protobuf;verbose=True", ("application/x-recordio-protobuf", True)),
    ],
)
def test_what_is_accepted(accept: str, answer: tuple[str, bool]) -> None:
    assert payloads.accepted(accept) == answer
