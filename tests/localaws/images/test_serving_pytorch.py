"""The PyTorch image's server over real HTTP: TorchScript without a script, a script's functions, and the log without PyTorch."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.localaws.sagemaker.job_fixtures import needs_torch

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


@needs_torch
@pytest.mark.parametrize(("files", "word"), [({}, "Exactly one .pth or .pt file"), ({"model.pt": "no model"}, "saved using torchscript")])
def test_a_model_that_cannot_be_loaded(serve, files: dict, word: str) -> None:
    server = serve("pytorch.serve", files)
    assert not server.wait() and word in server.log.read_text()


def test_without_torch_the_log_names_the_command_that_adds_it(serve, tmp_path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('not here')")  # found before an installed one
    server = serve("pytorch.serve", {}, PYTHONPATH=str(tmp_path))
    assert not server.wait() and "make extra-torch" in server.log.read_text()
