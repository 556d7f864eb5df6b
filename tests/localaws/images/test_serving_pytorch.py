"""The PyTorch image's server over real HTTP: TorchScript without a script, a script's functions, and the log without PyTorch."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.localaws.sagemaker.job_fixtures import needs_torch

AT_NIGHT = pytest.mark.nightly  # as its neighbours; each is a server that imports PyTorch
ROWS = np.array([[1.0, 2.0], [3.0, 4.5]], dtype=np.float32)


def torchscript() -> bytes:
    """A model that returns twice the sum of the columns."""
    import torch

    linear = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.constant_(linear.weight, 2.0)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(linear), buffer)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.nightly  # a script's model by day
@needs_torch
def test_a_torchscript_file_is_served_without_a_script(serve) -> None:
    server = serve("pytorch.serve", {"any.pth": torchscript()})
    assert server.wait(), server.log.read_text()
    wanted = (2 * ROWS.sum(axis=1, keepdims=True)).tolist()
    assert server.invoke(str(ROWS.tolist()), "application/json", "application/json").json() == wanted
    lines = server.invoke("1,2\n3,4.5", "text/csv", "text/csv")
    assert (lines.text.split(), lines.headers["content-type"]) == (["6.0", "15.0"], "text/csv")  # TorchServe adds no charset
    answer = server.invoke(npy(ROWS), "application/x-npy", "application/x-npy")
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), wanted)


@needs_torch
def test_an_inference_script_beside_the_model_replaces_the_defaults(serve) -> None:
    script = """
import os, torch
def model_fn(model_dir):
    return torch.load(os.path.join(model_dir, "weights.pt"))
def predict_fn(data, model):
    return data @ model
"""
    import torch

    buffer = io.BytesIO()
    torch.save(torch.tensor([1.0, 10.0]), buffer)
    server = serve("pytorch.serve", {"weights.pt": buffer.getvalue(), "code/inference.py": script})
    assert server.wait(), server.log.read_text()
    assert server.invoke(str(ROWS.tolist()), "application/json").json() == [21.0, 48.0]


@AT_NIGHT
@needs_torch
@pytest.mark.parametrize("program", ["train.py", "src/inference.py", "not_here"])
def test_a_script_that_is_not_in_the_archive_leaves_the_defaults(serve, program: str) -> None:
    """As on AWS, whose toolkit looks for the module in /opt/ml/model/code and says nothing if it is not there."""
    place = {"SAGEMAKER_PROGRAM": program, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/code"}
    server = serve("pytorch.serve", {"model.pt": torchscript(), "code/inference.py": "raise RuntimeError('not asked for')"}, **place)
    assert server.wait(), server.log.read_text()
    assert server.invoke("1,2\n3,4.5", "text/csv").json() == [[6.0], [15.0]]


@needs_torch
def test_functions_of_the_toolkit_and_what_they_receive(serve) -> None:
    script = """
import json
from sagemaker_inference import content_types, errors

done = []
def pre_model_fn(model_dir): done.append("pre")
def model_fn(model_dir, context): return [*done, context.system_properties["model_dir"] == model_dir]
def model_warmup_fn(model_dir, model): model.append("warm")
def input_fn(data, content_type, context):
    if data == "refuse": raise errors.GenericInferenceToolkitError(422, "no such rows")
    return data, context.get_request_header(0, "X-Amzn-SageMaker-Custom-Attributes")
def predict_fn(data, model): return [*model, *data]
def output_fn(prediction, accept): return {"all": prediction, "accept": accept}
"""
    server = serve("pytorch.serve", {"code/inference.py": script})
    assert server.wait(), server.log.read_text()
    answer = server.invoke("1", "text/csv", "application/json", "trace=7")
    assert answer.json() == {"all": ["pre", True, "warm", "1", "trace=7"], "accept": "application/json"}
    assert answer.headers["content-type"] == "application/json"
    refused = server.invoke("refuse", "text/csv")
    assert (refused.status_code, refused.text.splitlines()[0]) == (422, "no such rows")


@pytest.mark.nightly  # other frameworks' by day in test_serving_script.py
@needs_torch
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def input_fn(data, content_type): return {}['rows']", "'rows'\nTraceback (most recent call last):"),
        pytest.param("def predict_fn(data): return data", "predict_fn takes 1 arguments but 2 were given.", marks=AT_NIGHT),
        pytest.param(
            "def output_fn(prediction, accept): return object()", "Object of type object is not JSON serializable", marks=AT_NIGHT
        ),
    ],
)
def test_the_answer_to_an_exception_is_its_message_and_traceback(serve, script: str, words: str) -> None:
    server = serve("pytorch.serve", {"model.pt": torchscript(), "code/inference.py": script})
    assert server.wait(), server.log.read_text()
    answer = server.invoke("1,2\n3,4.5", "text/csv")
    assert answer.status_code == 500 and answer.text.startswith(words) and "course/localaws" not in answer.text
    assert answer.text.splitlines()[-1] in server.log.read_text()


@AT_NIGHT
@needs_torch
def test_the_first_known_type_of_an_accept_header_is_answered(serve) -> None:
    server = serve("pytorch.serve", {"model.pt": torchscript()})
    assert server.wait(), server.log.read_text()
    assert server.invoke("1,2\n3,4.5", "text/csv", "image/png, text/csv").text.split() == ["6.0", "15.0"]
    refused = server.invoke("1,2\n3,4.5", "text/csv", "image/png")
    assert refused.status_code == 500 and refused.text.startswith("Content type image/png is not supported by this framework")


@needs_torch
@pytest.mark.parametrize(
    ("files", "word"),
    [({}, "Exactly one .pth or .pt file"), pytest.param({"model.pt": "no model"}, "saved using torchscript", marks=AT_NIGHT)],
)
def test_a_model_that_cannot_be_loaded(serve, files: dict, word: str) -> None:
    server = serve("pytorch.serve", files)
    assert not server.wait() and word in server.log.read_text()


def test_without_torch_the_log_names_the_command_that_adds_it(serve, tmp_path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('not here')")  # found before an installed one
    server = serve("pytorch.serve", {}, PYTHONPATH=str(tmp_path))
    assert not server.wait() and "make extra-torch" in server.log.read_text()
