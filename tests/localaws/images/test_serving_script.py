"""Script mode over real HTTP: the functions of a script, and the defaults of AWS's scikit-learn and XGBoost containers."""

from __future__ import annotations

import io
import json
import pickle

import numpy as np
import pytest
import requests
import xgboost
from sklearn.linear_model import LinearRegression

FEATURES = np.arange(12.0).reshape(6, 2) ** 1.5
MODEL = LinearRegression().fit(FEATURES, FEATURES.sum(axis=1))
MODEL_FN = """
import os, pickle
def model_fn(model_dir):
    with open(os.path.join(model_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)
"""


PLACE = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


def start(serve, script: str, files: dict | None = None, **environment: str):
    """The scikit-learn image with a script. ``.up`` says whether it started."""
    server = serve("sklearn.serve", {"model.pkl": pickle.dumps(MODEL), "code/inference.py": script, **(files or {})}, **PLACE | environment)
    server.up = server.wait()
    return server


@pytest.fixture(scope="module")
def plain(serve_once):
    """A script with only ``model_fn``."""
    server = start(serve_once, MODEL_FN)
    assert server.up, server.log.read_text()
    return server


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_the_default_functions_read_and_write_csv_json_and_npy(plain):
    rows = FEATURES[:2]
    wanted = MODEL.predict(rows)
    text = "\n".join(",".join(map(str, row)) for row in rows)
    assert plain.invoke(text, "text/csv").json() == pytest.approx(wanted.tolist(), rel=1e-6)
    assert plain.invoke(json.dumps(rows.tolist()), "application/json", "application/json").json() == pytest.approx(
        wanted.tolist(), rel=1e-6
    )
    assert [float(line) for line in plain.invoke(text, "text/csv", "text/csv").text.splitlines()] == pytest.approx(wanted, rel=1e-6)
    answer = plain.invoke(npy(rows), "application/x-npy", "application/x-npy")
    assert answer.headers["content-type"] == "application/x-npy"
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), wanted)


def test_one_csv_row_becomes_one_dimensional_and_the_log_says_why_it_fails(plain):
    answer = plain.invoke("1.0,2.0", "text/csv")
    assert answer.status_code == 500
    assert "Internal Server Error" in answer.text
    assert "Expected 2D array, got 1D array instead" in plain.log.read_text()


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "words"),
    [
        (b"x", "image/png", None, "Content type image/png is not supported by this framework"),
        ("1,2\n3,4", "text/csv", "image/png", "Content type image/png is not supported by this framework"),
        ("not json", "application/json", None, "JSONDecodeError"),
        ("a,b\nc,d", "text/csv", None, "could not convert string to float"),
        (npy(np.array([object()], dtype=object)), "application/x-npy", None, "Object arrays cannot be loaded when allow_pickle=False"),
    ],
)
def test_what_cannot_be_read_is_a_500_with_a_traceback_in_the_log(plain, body, content_type, accept, words):
    assert plain.invoke(body, content_type, accept).status_code == 500
    assert words in plain.log.read_text()


def test_custom_functions_and_their_results(serve):
    script = """
import helper
def model_fn(model_dir): return {"n": 0}
def input_fn(data, content_type): return data, content_type
def predict_fn(data, model):
    model["n"] += 1
    return {"n": model["n"], "type": type(data[0]).__name__, "content_type": data[1]}
def output_fn(prediction, accept):
    return helper.answer(prediction, accept)
"""
    helper = """
import json
from sagemaker_containers.beta.framework import content_types, encoders, worker
def answer(prediction, accept):
    if accept == "text/plain": return str(prediction["n"])
    if accept == "text/csv": return ",".join(map(str, prediction.values())), accept
    if accept == "application/x-dict": return prediction
    if accept == "application/x-none": return None
    return worker.Response(encoders.encode(prediction, content_types.JSON), mimetype="application/json", headers={"X-Trace": "7"})
"""
    server = start(serve, script, {"code/helper.py": helper})
    assert server.up, server.log.read_text()
    first = server.invoke("a", "text/csv")
    assert (first.json(), first.headers["X-Trace"]) == ({"n": 1, "type": "str", "content_type": "text/csv"}, "7")
    second = server.invoke(b"\xff", "application/octet-stream", "text/plain")
    assert (second.text, second.headers["content-type"]) == ("2", "text/html; charset=utf-8")
    third = server.invoke(b"\xff", "application/octet-stream", "text/csv")
    assert (third.text, third.headers["content-type"]) == ("3,bytes,application/octet-stream", "text/csv; charset=utf-8")
    assert server.invoke("a", None, "application/x-dict").json() == {"n": 4, "type": "str", "content_type": "application/json"}
    assert server.invoke("a", "text/csv", "application/x-none").status_code == 500
    assert "The script returned a NoneType" in server.log.read_text()


def test_transform_fn_replaces_the_three_functions(serve):
    script = "def model_fn(model_dir): return 2\ndef transform_fn(model, data, content_type, accept): return data * model, accept"
    server = start(serve, script)
    assert server.invoke("ab", "text/csv", "text/csv").text == "abab"


@pytest.mark.parametrize(
    ("function", "status", "answer"),
    [
        # Each starts a server, so one runs by day.
        pytest.param(
            "", 200, {"MaxConcurrentTransforms": 1, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}, marks=pytest.mark.nightly
        ),
        ("def execution_parameters_fn(): return {'MaxConcurrentTransforms': 3}", 200, {"MaxConcurrentTransforms": 3}),
        pytest.param("def execution_parameters_fn(): return {}['none']", 500, None, marks=pytest.mark.nightly),
    ],
)
def test_a_script_may_answer_batch_transforms_question(serve, function, status, answer):
    server = start(serve, f"{MODEL_FN}\n{function}")
    answered = requests.get(f"{server.url}/execution-parameters", timeout=60)
    assert answered.status_code == status and (answer is None or answered.json() == answer)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def predict_fn(data, model): return data", "Please provide a model_fn implementation"),
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        (
            "def model_fn(d): return 1\ndef transform_fn(*a): pass\ndef input_fn(*a): pass",
            "Cannot use transform_fn implementation with input_fn",
        ),
        ("def model_fn(d): raise RuntimeError('the model is torn')", "the model is torn"),
        ("def model_fn(d) return 1", "SyntaxError"),
    ],
)
def test_a_script_that_cannot_serve_ends_the_server_with_the_reason_in_its_log(serve, script, words):
    server = start(serve, script)
    assert not server.up
    assert words in server.log.read_text()


def test_a_script_that_is_not_there(serve):
    server = start(serve, MODEL_FN, SAGEMAKER_PROGRAM="predict.py")
    assert not server.up
    assert "There is no predict.py in" in server.log.read_text()


def test_without_a_script_the_scikit_learn_image_says_what_is_missing(serve):
    server = start(serve, MODEL_FN, SAGEMAKER_PROGRAM="")
    assert not server.up
    assert "set SAGEMAKER_PROGRAM" in server.log.read_text()


def test_xgboost_script_gets_a_dmatrix_and_the_containers_encoder(serve):
    model = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(FEATURES, label=FEATURES[:, 0]), 3)
    script = """
import xgboost
import sagemaker_xgboost_container.encoder as xgb_encoders
def model_fn(model_dir):
    booster = xgboost.Booster()
    booster.load_model(model_dir + "/xgboost-model")
    return booster
def input_fn(data, content_type):
    return xgb_encoders.decode(data, content_type)
"""
    files = {"xgboost-model": bytes(model.save_raw("ubj")), "code/inference.py": script}
    server = serve("xgboost.serve 1.7-1", files, **PLACE)
    assert server.wait(), server.log.read_text()
    body = "\n".join(",".join(map(str, row)) for row in FEATURES[:2])
    wanted = model.predict(xgboost.DMatrix(FEATURES[:2])).tolist()
    assert server.invoke(body, "text/csv; charset=utf-8").json() == pytest.approx(wanted)
    assert server.invoke("0 0:1 1:2", "text/libsvm", "text/csv").status_code == 200
