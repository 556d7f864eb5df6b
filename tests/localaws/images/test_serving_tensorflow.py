"""The TensorFlow image's server over real HTTP: SavedModels without a script, a script's handlers, and the log without TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from course.localaws.images.tensorflow.serve import default_of, find_models
from tests.localaws.images.conftest import Server
from tests.localaws.sagemaker.job_fixtures import needs_tensorflow

JSON = "application/json"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of SavedModels: ``sum`` adds two columns, ``twice`` doubles the sum, ``examples`` classifies and regresses."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("bundles")

    class Sum(tf.Module):
        def __init__(self, factor: float) -> None:
            self.factor = tf.Variable(factor)

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def __call__(self, x):
            return {"y": self.factor * tf.reduce_sum(x, axis=1)}

    for name, factor in (("sum", 1.0), ("twice", 2.0)):
        module = Sum(factor)
        tf.saved_model.save(module, str(folder / name), signatures=module.__call__)
    _save_examples(tf.compat.v1, str(folder / "examples"))
    return {name: files_of(folder / name) for name in ("sum", "twice", "examples")}


def _save_examples(v1: object, folder: str) -> None:
    """Save a TensorFlow 1 model whose signatures take examples with a feature x."""
    with v1.Session(graph=v1.Graph()) as session:
        serialised = v1.placeholder(v1.string, [None])
        x = v1.parse_example(serialised, {"x": v1.FixedLenFeature([1], v1.float32)})["x"]
        classes = v1.tile(v1.constant([["low", "high"]]), [v1.shape(x)[0], 1])
        signatures = {
            "serving_default": v1.saved_model.classification_signature_def(serialised, classes, v1.concat([1 - x, x], 1)),
            "regression": v1.saved_model.regression_signature_def(serialised, 10 * x),
            "total": v1.saved_model.regression_signature_def(serialised, v1.reduce_sum(x)),
        }
        builder = v1.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, [v1.saved_model.SERVING], signature_def_map=signatures)
        builder.save()


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def below(prefix: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{prefix}/{name}": content for name, content in files.items()}


def ask(server: Server, body: str, attributes: str = "", content_type: str = JSON, accept: str | None = None) -> requests.Response:
    return server.invoke(body, content_type, accept, attributes or None)


@pytest.fixture(scope="module")
def server(serve_once, bundles: dict) -> Server:
    files = below("export/main/1", bundles["sum"]) | below("export/main/002", bundles["twice"]) | below("other/7", bundles["examples"])
    server = serve_once("tensorflow.serve", files, SAGEMAKER_TFS_DEFAULT_MODEL_NAME="main")
    assert server.wait(), server.log.read_text()
    return server


@needs_tensorflow
def test_the_newest_version_answers_whatever_the_body(server: Server) -> None:
    wanted = {"predictions": [6.0, 15.0]}
    for body, content_type in (
        ('{"instances": [[1, 2], [3, 4.5]]}', JSON),
        ('{"instances": [{"x": [1, 2]}, {"x": [3, 4.5]}]}', JSON),
        ("[[1, 2], [3, 4.5]]", JSON),
        ("[1, 2]\n[3, 4.5]", "application/jsonlines"),
        ('{"x": [1, 2]}\n{"x": [3, 4.5]}', "application/jsons"),
        ("1,2\n3,4.5\n", "text/csv"),
    ):
        answer = ask(server, body, content_type=content_type)
        assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, JSON, wanted), body
    assert ask(server, '{"inputs": [[1, 2]]}').json() == {"outputs": [6.0]}
    lines = ask(server, "[1, 2]", accept="application/jsonlines")
    assert (lines.headers["content-type"], lines.text) == ("application/jsonlines", '{    "predictions": [6.0    ]}')


@needs_tensorflow
def test_the_first_model_by_path_answers_where_none_is_named(serve, bundles: dict) -> None:
    files = below("z/main/1", bundles["sum"]) | below("b/twice/1", bundles["twice"]) | below("c/other/7", bundles["examples"])
    server = serve("tensorflow.serve", files)
    assert server.wait(), server.log.read_text()
    assert ask(server, "[1, 2]").json() == {"predictions": [6.0]}
    assert ask(server, "[1, 2]", "tfs-model-name=main").json() == {"predictions": [3.0]}


def test_the_default_model_is_the_first_by_path_or_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("z/main/1", "b/twice/12", "b/twice/2", "c/other/7", "notes"):  # the file system's order is arbitrary
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "saved_model.pb").write_bytes(b"")
    models = find_models(tmp_path)
    assert {name: set(versions) for name, versions in models.items()} == {"twice": {2, 12}, "other": {7}, "main": {1}}
    assert default_of(models) == "twice"
    monkeypatch.setenv("SAGEMAKER_TFS_DEFAULT_MODEL_NAME", "main")
    assert default_of(models) == "main"


@needs_tensorflow
def test_attributes_choose_model_version_and_method(server: Server) -> None:
    assert ask(server, "[1, 2]", "tfs-model-version=1").json() == {"predictions": [3.0]}
    examples = json.dumps({"examples": [{"x": 0.25}, {"x": 1.0}]})
    classified = ask(server, examples, "tfs-model-name=other,tfs-method=classify")
    assert classified.json() == {"results": [[["low", 0.75], ["high", 0.25]], [["low", 0.0], ["high", 1.0]]]}
    regression = json.dumps(json.loads(examples) | {"signature_name": "regression"})
    assert ask(server, regression, "mine=1, tfs-model-name=other,tfs-method=regress").json() == {"results": [2.5, 10.0]}


@needs_tensorflow
@pytest.mark.parametrize(
    ("body", "attributes", "content_type", "status", "words"),
    [
        ("[1, 2]", "", "application/xml", 415, "Unsupported Media Type: application/xml"),
        ("{", "", JSON, 400, "JSON Parse error"),
        ('["a", 2]', "", JSON, 400, 'Type: String is not of expected type: float'),
        ("[1, 2, 3]", "", JSON, 400, "shape (1, 3)"),
        ('{"instances": [[1, 2]], "signature_name": "none"}', "", JSON, 400, 'Serving signature name: "none" not found in signature def'),
        ("[1, 2]", "tfs-model-name=none", JSON, 404, "Servable not found for request: Latest(none)"),
        ("[1, 2]", "tfs-model-version=9", JSON, 404, "Servable not found for request: Specific(main, 9)"),
        ("[1, 2]", "tfs-method=guess", JSON, 400, "Malformed request: POST /v1/models/main:guess"),
        ('{"examples": [{"x": 1}]}', "tfs-method=classify", JSON, 400, "method_name to be tensorflow/serving/classify"),
        ('{"examples": [{"x": 1.0}], "signature_name": "total"}', "tfs-model-name=other,tfs-method=regress", JSON, 400, "but got []"),
        ('{"examples": [{"x": "a"}]}', "tfs-model-name=other,tfs-method=classify", JSON, 400, "Data types don't match"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered(server: Server, body: str, attributes: str, content_type: str, status: int, words: str) -> None:
    answer = ask(server, body, attributes, content_type)
    assert answer.status_code == status and words in answer.json()["error"]


HANDLERS = """
import json
from neighbour import factor

def input_handler(data, context):
    numbers = [float(part) for part in data.read().decode().split(";")]
    return json.dumps({"instances": [numbers], "signature_name": "serving_default"})

def output_handler(response, context):
    if response.status_code != 200:
        raise ValueError(response.json()["error"])
    [number] = response.json()["predictions"]
    said = [context.request_content_type, context.accept_header, context.method, context.custom_attributes, context.content_length]
    return json.dumps([number * factor, *said]), "text/plain"
"""

HANDLER = """
import requests

def handler(data, context):
    status = requests.get(context.rest_uri.partition(":predict")[0]).json()["model_version_status"][0]["state"]
    return status + requests.post(context.rest_uri, data=data.read()).text.replace(" ", ""), context.accept_header
"""


@needs_tensorflow
def test_handlers_of_a_script(serve, bundles: dict) -> None:
    files = below("1", bundles["sum"]) | {"code/inference.py": HANDLERS, "code/lib/neighbour.py": "factor = 10"}
    server = serve("tensorflow.serve", files)
    assert server.wait(), server.log.read_text()
    answer = ask(server, "1;2", "mine=1", "text/special", "*/*")
    assert answer.headers["content-type"] == "text/plain" and answer.json() == [30.0, "text/special", "*/*", None, "mine=1", 3]
    refused = ask(server, "1;2;3")
    assert refused.status_code == 500 and "shape (1, 3)" in refused.json()["error"]
    refused = ask(server, "one")
    assert (refused.status_code, refused.json()) == (500, {"error": "could not convert string to float: 'one'"})


@needs_tensorflow
def test_a_handler_asks_for_itself(serve, bundles: dict) -> None:
    server = serve("tensorflow.serve", below("1", bundles["sum"]) | {"code/inference.py": HANDLER})
    assert server.wait(), server.log.read_text()
    answer = ask(server, '{"instances": [[1, 2]]}', accept="text/mine")
    assert (answer.headers["content-type"], answer.text) == ("text/mine", 'AVAILABLE{\n"predictions":[3.0\n]\n}')


@needs_tensorflow
@pytest.mark.parametrize(
    ("version", "script", "words"),
    [
        ("latest", "", "no SavedModel bundles found!"),
        ("1", "def predict(): pass", "Handlers are not implemented correctly in user script."),
    ],
)
def test_what_cannot_be_served(serve, bundles: dict, version: str, script: str, words: str) -> None:
    server = serve("tensorflow.serve", below(version, bundles["sum"]) | ({"code/inference.py": script} if script else {}))
    assert not server.wait() and words in server.log.read_text()


def test_without_tensorflow_the_log_names_the_command_that_adds_it(serve, tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('not here')")  # found before an installed one
    server = serve("tensorflow.serve", {"1/saved_model.pb": ""}, PYTHONPATH=str(tmp_path))
    assert not server.wait() and "make extra-tensorflow" in server.log.read_text()
