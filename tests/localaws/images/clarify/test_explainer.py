"""The explainer beside a model's container: what it asks the model, what it answers, and its sentences about faults."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.images.clarify import shap_values
from course.localaws.images.clarify.configuration import Shap
from course.localaws.images.clarify.explainer import Explainer
from course.localaws.images.clarify.explainer_config import ExplainerConfig, ExplainerError, cell_value, records
from course.localaws.images.clarify.model_container import MODEL_FAILED, MODEL_URL
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse
from tests.localaws.sagemaker.job_fixtures import needs_clarify

LINES, CSV = "application/jsonlines", "text/csv"
Answer = tuple[int, str, str]


def score(row: list[float]) -> float:
    return row[0] + 2 * row[1] + row[1] * row[-1]


class StubModel:
    """A model's container. ``answers`` makes its answers from the requests' texts; ``requests`` are those that it got."""

    def __init__(self) -> None:
        self.answers: Callable[[str], Answer] = in_csv
        self.requests: list[tuple[dict[str, str], str]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["content-length"])).decode()
                stub.requests.append(({name.lower(): value for name, value in self.headers.items()}, text))
                status, body, kind = stub.answers(text)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("X-Amzn-SageMaker-Custom-Attributes", "noted")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/invocations"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def counts(self) -> list[int]:
        """How many records each request had."""
        return [len(rows_of(text)) for _, text in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def rows_of(text: str) -> list[list[Any]]:
    if text.startswith("{"):
        return [json.loads(line)["data"]["features"] for line in text.splitlines()]
    return [[cell_value(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def in_csv(text: str) -> Answer:
    return 200, "".join(f"{score(row)}\n" for row in rows_of(text)), "text/csv; charset=utf-8"


@pytest.fixture
def model() -> Iterator[StubModel]:
    stub = StubModel()
    yield stub
    stub.close()


def config(
    baseline: str = "0,0,0", mime: str = CSV, enable: str | None = None, shap: dict[str, Any] | None = None, **inference: Any
) -> dict:
    found: dict[str, Any] = {"ShapConfig": {"ShapBaselineConfig": {"ShapBaseline": baseline, "MimeType": mime}, **(shap or {})}}
    return found | ({"EnableExplanations": enable} if enable else {}) | ({"InferenceConfig": inference} if inference else {})


def asked(model: StubModel, body: str, content: dict, kind: str = CSV, **headers: str) -> InferenceResponse:
    """The answer of an explainer with these settings."""
    sent = {"content-type": kind, "accept": "text/csv", MODEL_URL.lower(): model.url} | {
        f"x-amzn-sagemaker-{name.replace('_', '-')}": value for name, value in headers.items()
    }
    return Explainer(ExplainerConfig.of(content))(InferenceRequest(body.encode(), kind, "text/csv", sent))


def answered(*arguments: Any, **more: Any) -> dict:
    response = asked(*arguments, **more)
    assert (response.status, response.content_type) == (200, "application/json"), response.body
    return json.loads(response.body)


def fault(*arguments: Any, **more: Any) -> str:
    response = asked(*arguments, **more)
    assert response.status == 400 and not response.headers, response
    return response.body.decode()


def values(explanation: list[dict]) -> np.ndarray:
    """The attributions of a record, (features, outputs)."""
    return np.array([[each["attribution"] for each in feature["attributions"]][0] for feature in explanation])


def exact(row: list[float], baseline: list[list[float]], model: Callable[[list[float]], float] = score) -> np.ndarray:
    """Shapley values by their definition."""
    count = len(row)

    def worth(present: tuple[int, ...]) -> float:
        return float(np.mean([model([row[n] if n in present else base[n] for n in range(count)]) for base in baseline]))

    found = np.zeros(count)
    for order in itertools.permutations(range(count)):
        for place, feature in enumerate(order):
            found[feature] += worth(order[: place + 1]) - worth(order[:place])
    return found / math.factorial(count)


@needs_clarify
def test_an_answer_has_awss_form(model: StubModel) -> None:
    """The form of the answers in AWS's guide and sample notebook."""
    found = answered(model, "1,2,3", config(FeatureHeaders=["Age", "Work", "Gain"]), custom_attributes="trace", target_model="m")
    assert list(found) == ["version", "predictions", "explanations"] and found["version"] == "1.0"
    assert found["predictions"] == {"content_type": "text/csv; charset=utf-8", "data": "11\n"}
    [explanation] = found["explanations"]["kernel_shap"]
    assert [each["feature_header"] for each in explanation] == ["Age", "Work", "Gain"]
    assert all(set(each) == {"feature_header", "attributions"} for each in explanation)
    assert values(explanation)[:, 0] == pytest.approx(exact([1, 2, 3], [[0, 0, 0]]))
    assert [set(each) for each in answered(model, "1,2,3", config())["explanations"]["kernel_shap"][0]] == [{"attributions"}] * 3
    headers, text = model.requests[0]
    assert text == "1,2,3" and headers["x-amzn-sagemaker-custom-attributes"] == "trace" and headers["x-amzn-sagemaker-target-model"] == "m"
    assert headers["accept"] == headers["content-type"] == CSV


ROW = st.tuples(*[st.integers(-4, 4)] * 3)


@needs_clarify
@settings(deadline=None, max_examples=10)
@given(st.lists(ROW, min_size=1, max_size=3), st.lists(ROW, min_size=1, max_size=2))
def test_attributions_are_the_shapley_values(rows: list[tuple[int, ...]], baseline: list[tuple[int, ...]]) -> None:
    stub = StubModel()
    try:
        text, base = ("\n".join(",".join(map(str, row)) for row in table) for table in (rows, baseline))
        found = answered(stub, text, config(base))["explanations"]["kernel_shap"]
        for row, explanation in zip(rows, found, strict=True):
            assert values(explanation)[:, 0] == pytest.approx(exact(list(row), [list(each) for each in baseline]), abs=1e-9)
    finally:
        stub.close()


@needs_clarify
def test_sampled_attributions_are_those_of_an_analysis(model: StubModel) -> None:
    """The same seed, samples and baseline give what Clarify's job gives."""
    random = np.random.default_rng(5)
    rows, baseline = (pd.DataFrame(random.normal(size=(count, 12)).round(3)) for count in (2, 3))
    text, base = (table.to_csv(index=False, header=False) for table in (rows, baseline))
    shap = Shap(num_samples=40, seed=9)
    offline = shap_values.explain(rows, baseline, shap, lambda table: np.array([[score(row)] for row in table.to_numpy().tolist()]), [])
    content = config(base, shap={"NumberOfSamples": 40, "Seed": 9})
    online = [values(each)[:, 0] for each in answered(model, text, content)["explanations"]["kernel_shap"]]
    np.testing.assert_allclose(online, offline.local[:, :, 0], atol=1e-8)
    again = answered(model, text, content | {"ShapConfig": content["ShapConfig"] | {"Seed": 10}})["explanations"]["kernel_shap"]
    assert not np.allclose([values(each)[:, 0] for each in again], online, atol=1e-8)


@needs_clarify
def test_log_odds(model: StubModel) -> None:
    def chance(row: list[float]) -> float:
        return 1 / (1 + math.exp(-score(row)))

    model.answers = lambda text: (200, "\n".join(str(chance(row)) for row in rows_of(text)), CSV)
    found = values(answered(model, "1,1,0", config(shap={"UseLogit": True}))["explanations"]["kernel_shap"][0])
    assert found[:, 0] == pytest.approx([1, 2, 0], abs=1e-6)
    model.answers = in_csv
    assert "use_logit is true, but the model answers scores that are not between 0 and 1" in fault(
        model, "1,1,0", config(shap={"UseLogit": True})
    )


@needs_clarify
def test_batches_have_at_most_so_many_records(model: StubModel) -> None:
    answered(model, "1,2,3\n3,2,1", config("0,0,0\n1,0,1", MaxRecordCount=4))
    assert model.counts[0] == 2 and max(model.counts) == 4 and sum(model.counts) > 8


@needs_clarify
def test_batches_have_at_most_so_many_bytes(model: StubModel) -> None:
    model.answers = lambda text: (200, "".join(f"{len(row[0])}\n" for row in rows_of(text)), CSV)
    long = "x" * 120_000  # a cell of CSV may have 131,072 characters
    answered(model, f"{long},{long},{long}", config("y,y,y", MaxPayloadInMB=1))
    assert max(len(text) for _, text in model.requests) <= 1 << 20 and sum(model.counts) > max(model.counts) + 2
    wide = ",".join(["\N{MUSICAL SYMBOL G CLEF}" * 120_000] * 4)
    assert fault(model, wide, config("y,y,y,y", MaxPayloadInMB=1)).endswith("more than MaxPayloadInMB, 1, allows.")


@needs_clarify
@pytest.mark.parametrize("broken", [lambda text: (500, "one record only", "text/plain"), lambda text: (200, "1,2,3,4,5,6,7\n", CSV)])
def test_a_model_that_takes_single_records_gets_them(model: StubModel, broken: Callable[[str], Answer]) -> None:
    model.answers = lambda text: in_csv(text) if len(rows_of(text)) == 1 else broken(text)
    found = values(answered(model, "1,2,3", config())["explanations"]["kernel_shap"][0])
    assert found[:, 0] == pytest.approx(exact([1, 2, 3], [[0, 0, 0]]))
    response = asked(model, "1,2,3", config(MaxRecordCount=5))  # with this the caller says what the model takes
    assert response.status in (400, 500)


@needs_clarify
@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("`true`", [True, True]),
        ("`false`", [False, False]),
        ("[0]>`10`", [True, False]),
        ("[0]>`100`", [False, False]),
        ("max(@)<`5`", [False, True]),
    ],
)
def test_an_expression_chooses_records(model: StubModel, expression: str, chosen: list[bool]) -> None:
    wanted = {"kernel_shap": chosen} if any(chosen) else {}
    for content, headers in ((config(enable=expression), {}), (config(enable="`false`"), {"enable_explanations": expression})):
        found = answered(model, "1,2,3\n1,1,1", content, **headers)
        assert found["predictions"]["data"] == "11\n4\n"
        explanations = {name: [each is not None for each in every] for name, every in found["explanations"].items()}
        assert explanations == wanted


@needs_clarify
def test_without_explanations_any_answer_is_passed_on(model: StubModel) -> None:
    model.answers = lambda text: (200, "<svg/>", "image/svg+xml")
    found = answered(model, "what=ever", config(), kind="text/x", enable_explanations="`false`")
    assert found == {"version": "1.0", "predictions": {"content_type": "image/svg+xml", "data": "<svg/>"}, "explanations": {}}
    assert len(model.requests) == 1


@needs_clarify
@pytest.mark.parametrize(
    ("inference", "baseline", "mime"),
    [
        ({"FeaturesAttribute": "data.features"}, '{"data":{"features":[0,0,0]}}', LINES),
        ({"FeaturesAttribute": "data.features"}, "[0,0,0]", LINES),
        ({"FeaturesAttribute": "data.features"}, "0,0,0", CSV),
    ],
)
def test_json_lines(model: StubModel, inference: dict, baseline: str, mime: str) -> None:
    model.answers = lambda text: (200, "".join(json.dumps({"label": "yes", "p": score(row)}) + "\n" for row in rows_of(text)), LINES)
    content = config(baseline, mime, "p>`5`", ContentTemplate='{"data":{"features":$features}}', ProbabilityAttribute="p", **inference)
    body = '{"data":{"features":[1,2,3]}}\n{"data":{"features":[0,0,1]}}\n'
    found = answered(model, body, content, kind=LINES)
    first, second = found["explanations"]["kernel_shap"]
    assert values(first)[:, 0] == pytest.approx(exact([1, 2, 3], [[0, 0, 0]])) and second is None
    assert found["predictions"]["content_type"] == LINES and found["predictions"]["data"].startswith('{"label": "yes"')


# The answers of "Pre-check the model container" for a model of three classes, and of a label with its probability.
CLASSES = "\"['cat','dog','fish']\",\"[{0},{1},{2}]\"\n"


@needs_clarify
@pytest.mark.parametrize(
    ("form", "kind", "inference", "headers"),
    [
        (CLASSES, CSV, {"LabelIndex": 0, "ProbabilityIndex": 1}, ["cat", "dog", "fish"]),
        (CLASSES, CSV, {"ProbabilityIndex": 1, "LabelHeaders": ["c", "d", "f"]}, ["c", "d", "f"]),
        ("{0},{1},{2}\n", CSV, {}, None),
        (
            '{{"names":["cat","dog","fish"],"p":[{0},{1},{2}]}}\n',
            LINES,
            {"LabelAttribute": "names", "ProbabilityAttribute": "p"},
            ["cat", "dog", "fish"],
        ),
    ],
)
def test_scores_of_several_classes(model: StubModel, form: str, kind: str, inference: dict, headers: list[str] | None) -> None:
    model.answers = lambda text: (200, "".join(form.format(row[0], 2 * row[1], row[2]) for row in rows_of(text)), kind)
    found = answered(model, "1,2,3", config(**inference))
    assert found.get("label_headers") == headers
    assert values(found["explanations"]["kernel_shap"][0]) == pytest.approx(np.diag([1, 4, 3]), abs=1e-9)


@needs_clarify
def test_one_line_of_scores_is_one_for_each_record(model: StubModel) -> None:
    model.answers = lambda text: (200, ",".join(str(score(row)) for row in rows_of(text)), CSV)
    found = answered(model, "1,2,3\n1,1,1", config(), enable_explanations="[0]<`5`")["explanations"]["kernel_shap"]
    assert found[0] is None and values(found[1])[:, 0] == pytest.approx(exact([1, 1, 1], [[0, 0, 0]]))


@needs_clarify
def test_texts_and_missing_values_come_back_as_they_were(model: StubModel) -> None:
    model.answers = lambda text: (
        200,
        "".join(f"{(row[0] == '007') + 2 * (row[1] == 'a,b') + 4 * (row[2] == '')}\n" for row in rows_of(text)),
        CSV,
    )
    found = values(answered(model, '007,"a,b",', config("x,y,z"))["explanations"]["kernel_shap"][0])
    assert found[:, 0] == pytest.approx([1, 2, 4])
    assert {cell for _, text in model.requests for row in rows_of(text) for cell in row} == {"007", "a,b", "", "x", "y", "z"}


def says(text: str, kind: str = CSV, status: int = 200) -> Callable[[str], Answer]:
    return lambda _: (status, text, kind)


READS = "; the explainer reads text/csv and application/jsonlines."
NO_JSON = " is not application/jsonlines: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
NO_LIST = "A record of the request is no list of features; FeaturesAttribute"
UNREAD = "The model's answer cannot be read as"
FAULTS: list[tuple[str, dict[str, Any], Callable[[str], Answer] | None, str]] = [
    ("1,2", {}, None, "A record of the request has 2 features, but the SHAP baseline has 3."),
    ("1,2,3\n1,2", {}, says("1\n2"), "The records of the request have different numbers of features."),
    ("", {}, says(""), "There are no records in the request."),
    ("<a>", {"kind": "text/xml"}, says("1"), f"The Content-Type of the request is text/xml{READS}"),
    ("1,2,3", {"kind": ""}, None, f"The Content-Type of the request is not given{READS}"),
    ("1,2,3", {}, says("[1]", "application/json"), f"The Content-Type of the model's answer is application/json{READS}"),
    ("1,2,3", {}, says("1\n2\n"), "The model answered 2 predictions to 1 records: '1\\n2\\n'"),
    ("1,2,3", {}, says("cat"), "The model's answer 'cat' is no number, so it cannot be explained. ProbabilityIndex says where scores are."),
    (
        "1,2,3",
        {},
        says('{"p":1}', LINES),
        f"{UNREAD} {LINES}: LabelAttribute or ProbabilityAttribute must say where a record has the prediction",
    ),
    ("1,2,3", {}, says("1,"), f"{UNREAD} text/csv: scores must be numbers, not [1, '']"),
    ("1,2,3", {"LabelHeaders": ["a", "b"]}, None, "There are 2 label headers, but the model answers 1 scores."),
    ("1,2,3", {"ProbabilityIndex": 4}, None, f"{UNREAD} text/csv: there is no element 4 in [11]"),
    ("[1,2,3]", {"kind": LINES}, says("1"), "ContentTemplate is missing; requests in application/jsonlines need it."),
    ("{", {"kind": LINES}, says("1"), f"The request{NO_JSON}"),
    ('{"a":[1,2,3]}', {"kind": LINES}, says("1"), f"{NO_LIST} must say where a record has one."),
    ('{"a":1}', {"kind": LINES, "FeaturesAttribute": "a"}, says("1"), f"{NO_LIST} 'a' must find one."),
    (
        '{"a":1}',
        {"kind": LINES, "FeaturesAttribute": "b"},
        says("1"),
        "FeaturesAttribute, in a record of the request: the JMESPath 'b' finds nothing in {\"a\": 1}.",
    ),
    ("1,2,3", {"enable_explanations": "[0"}, None, "EnableExplanations is '[0', which is not a JMESPath expression."),
    ("1,2,3", {"enable_explanations": "[0]"}, None, "EnableExplanations '[0]' is 11 for the model's answer [11], not true or false."),
    ("1,2,3", {"enable_explanations": "p>`1`"}, None, "EnableExplanations 'p>`1`' is None for the model's answer [11], not true or false."),
    (
        "1,2,3",
        {"enable_explanations": "f(@)"},
        None,
        "EnableExplanations 'f(@)' fails on the model's answer [11]: Unknown function: f()",
    ),
]


@pytest.mark.parametrize(("body", "more", "answers", "words"), FAULTS)
@needs_clarify
def test_a_fault_has_one_sentence(model: StubModel, body: str, more: dict, answers: Callable[[str], Answer] | None, words: str) -> None:
    model.answers = answers or in_csv
    inference = {name: value for name, value in more.items() if name[0].isupper()}
    assert fault(model, body, config(**inference), **{name: value for name, value in more.items() if name not in inference}) == words


@needs_clarify
def test_an_error_of_the_model_comes_back_as_its_own(model: StubModel) -> None:
    for answers in (
        says("no such thing", "text/plain", 422),
        lambda text: in_csv(text) if text == "1,2,3" else (422, "no such thing", "text/plain"),
    ):
        model.answers = answers
        response = asked(model, "1,2,3", config())
        assert (response.status, response.body, response.content_type) == (422, b"no such thing", "text/plain")
        assert MODEL_FAILED in dict(response.headers)
    model.url = "http://127.0.0.1:1/invocations"  # where nothing listens
    response = asked(model, "1,2,3", config())
    assert response.status == 500 and MODEL_FAILED in dict(response.headers)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (config("1,2\n3"), "The records of the SHAP baseline have different numbers of features."),
        (config("\n"), "There are no records in the SHAP baseline."),
        (config("{", LINES), "The SHAP baseline is not application/jsonlines"),
        (config('{"a":[1]}', LINES), "A record of the SHAP baseline is no list of features"),
        (config(FeatureHeaders=["a"]), "FeatureHeaders has 1 names, but the SHAP baseline has 3 features."),
        (config(enable="a b"), "EnableExplanations is 'a b', which is not a JMESPath expression."),
    ],
)
def test_settings_that_cannot_be_used(content: dict, words: str) -> None:
    with pytest.raises(ExplainerError, match=f"^{words.replace('.', '[.]')}"):
        ExplainerConfig.of(content)


CELLS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4))


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_records_of_csv_keep_their_values(rows: list[tuple[Any, Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    found = records(text.getvalue(), CSV, "", "the request").to_numpy().tolist()
    for row, original in zip(found, rows, strict=True):
        for value, cell in zip(row, original, strict=True):
            assert value == (cell_value(cell) if isinstance(cell, str) else cell)
            assert isinstance(value, str) or type(value)(str(cell)) == value


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for kind in (CSV, LINES):
        try:
            assert len(records(text, kind, "a", "the request"))
        except ExplainerError as error:
            assert str(error)
