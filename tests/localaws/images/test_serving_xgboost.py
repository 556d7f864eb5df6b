"""The XGBoost image in algorithm mode, over real HTTP: the requests and answers of AWS's container."""

from __future__ import annotations

import json
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest
import requests
import xgboost

from course.localaws.images.shared import recordio_protobuf

XGBOOST = "xgboost.serve 1.7-1"
FEATURES = 4
ROWS = np.random.default_rng(7).random((200, FEATURES))


def booster(objective: str = "binary:logistic", **params: object) -> xgboost.Booster:
    labels = (ROWS.sum(axis=1) > 2).astype(int) if "multi" not in objective else (ROWS[:, 0] * 3).astype(int)
    return xgboost.train({"objective": objective, "max_depth": 3, **params}, xgboost.DMatrix(ROWS, label=labels), 5)


def model_file(model: xgboost.Booster) -> bytes:
    return bytes(model.save_raw("ubj"))


def csv(rows: np.ndarray) -> str:
    return "\n".join(",".join(map(str, row)) for row in rows)


def expected(model: xgboost.Booster, rows: np.ndarray) -> list:
    return model.predict(xgboost.DMatrix(rows)).tolist()


@pytest.fixture(scope="module")
def model() -> xgboost.Booster:
    return booster()


@pytest.fixture(scope="module")
def server(serve_once, model):
    started = serve_once(XGBOOST, {"xgboost-model": model_file(model)})
    assert started.wait(), started.log.read_text()
    return started


def lines(values: list) -> str:
    return "".join(f"{value}\n" for value in values)


def test_csv_is_answered_by_a_line_for_each_row(server, model):
    answer = server.invoke(csv(ROWS[:3]), "text/csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.text == lines(expected(model, ROWS[:3]))
    assert server.invoke(csv(ROWS[:3]) + "\n", "text/csv; charset=utf-8").text == answer.text
    assert server.invoke(csv(ROWS[:3]).replace(",", ";"), "text/csv").text == answer.text


def test_an_empty_cell_is_a_missing_value(server, model):
    rows = ROWS[:1].copy()
    rows[0, 1] = np.nan
    assert server.invoke(csv(rows).replace("nan", ""), "text/csv").text == lines(expected(model, rows))


def test_libsvm_ignores_labels_and_takes_what_is_absent_for_missing(server, model):
    rows = ROWS[:2].copy()
    rows[0, 2] = np.nan
    rendered = ["1 " + " ".join(f"{index}:{value}" for index, value in enumerate(row) if not np.isnan(value)) for row in rows]
    answers = {content_type: server.invoke("\n".join(rendered), content_type).text for content_type in ("text/libsvm", "text/x-libsvm")}
    assert set(answers.values()) == {lines(expected(model, rows))}


def test_recordio_protobuf_takes_what_is_absent_for_missing(server, model):
    rows = ROWS[:2].copy()
    rows[0, 2] = np.nan
    keys = np.flatnonzero(~np.isnan(rows[0]))
    sparse = recordio_protobuf.Record({"values": recordio_protobuf.Tensor(rows[0][keys], keys, (4,))})
    body = recordio_protobuf.write([sparse]) + recordio_protobuf.write_arrays(rows[1:])
    assert server.invoke(body, "application/x-recordio-protobuf").text == lines(expected(model, rows))
    answer = server.invoke(csv(ROWS), "application/x-recordio-protobuf")
    assert (answer.status_code, "does not start with a valid magic number" in answer.text) == (415, True)


def test_json_answer(server, model):
    answer = server.invoke(csv(ROWS[:2]), "text/csv", "application/json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"predictions": [{"score": score} for score in expected(model, ROWS[:2])]}


def test_versions_up_to_1_2_1_answer_one_line_whatever_is_asked_for(serve, model):
    server = serve("xgboost.serve 1.2-1", {"xgboost-model": model_file(model)})
    assert server.wait(), server.log.read_text()
    for accept in ("text/csv", "application/json", "image/png"):
        answer = server.invoke(csv(ROWS[:3]), "text/csv", accept)
        assert (answer.text, answer.headers["content-type"]) == (",".join(map(str, expected(model, ROWS[:3]))), "text/csv; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status", "words"),
    [
        ("1,2,three,4", "text/csv", None, 415, "Loading csv data failed with Exception, please ensure data is in csv format"),
        ("1,2,3,4\n1,2", "text/csv", None, 415, "Loading csv data failed"),
        ("1 0:x", "text/libsvm", None, 415, "Loading libsvm data failed"),
        ("1,2,3,4", None, None, 415, "Loading libsvm data failed"),  # no content type means LIBSVM
        ("[1,2,3,4]", "application/json", None, 415, "application/json is not an accepted ContentType: csv, libsvm"),
        ("1,2,3,4", "text/csv; label_size=5", None, 415, "label_size must be equal to 1"),
        ("1,2,3,4,5", "text/csv", None, 400, "Feature size of csv inference data 5 is not consistent with feature size of trained model 4"),
        ("1 9:1", "text/libsvm", None, 400, "Feature size of libsvm inference data 10 is larger than feature size of trained model 4"),
        ("1,2,3,4", "text/csv", "image/png", 406, "Accept type image/png is not supported"),
        ("1,2,3,4", "text/csv", "application/jsonlines", 500, "Content type application/jsonlines is not supported"),
        (b"PAR1", "application/x-parquet", None, 415, "is not supported"),
        (b"\xff\xfe", "text/csv", None, 415, "Loading csv data failed"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_containers_words(server, body, content_type, accept, status, words):
    answer = server.invoke(body, content_type, accept)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert words.splitlines()[0] in server.log.read_text()


def test_the_http_contract_of_a_model_server(server):
    assert server.invoke("", "text/csv").status_code == 204
    assert requests.get(f"{server.url}/execution-parameters").json()["MaxPayloadInMB"] == 6
    assert requests.get(f"{server.url}/models").status_code == 404
    assert server.invoke(b"1" * ((6 << 20) + 1), "text/csv").status_code == 413
    assert server.invoke("1,2,3,4", "text/csv").status_code == 200  # it still answers after all that
    assert '"POST /invocations HTTP/1.1" 200' in server.log.read_text()


def test_sigterm_ends_it(serve, model):
    server = serve(XGBOOST, {"xgboost-model": model_file(model)})
    assert server.wait()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=30) == -signal.SIGTERM


def test_batch_transform_gets_one_line_for_each_prediction(serve, model):
    server = serve(XGBOOST, {"xgboost-model": model_file(model)}, SAGEMAKER_BATCH="true")
    assert server.wait()
    assert server.invoke(csv(ROWS[:2]), "text/csv").text == lines(expected(model, ROWS[:2]))


def test_pickled_model_of_an_older_container_and_the_mean_of_an_ensemble(serve, model):
    other = booster(max_depth=1)
    server = serve(XGBOOST, {"xgboost-model-0": pickle.dumps(model), "xgboost-model-1": model_file(other)})
    assert server.wait(), server.log.read_text()
    mean = (np.array(expected(model, ROWS[:1])) + np.array(expected(other, ROWS[:1]))) / 2
    assert float(server.invoke(csv(ROWS[:1]), "text/csv").text) == pytest.approx(mean[0])


def test_a_booster_that_xgboost_0_90_pickled(serve):
    """`xgboost-0.90.pkl` was made by XGBoost 0.90 on 2026-11-25: five trees, binary:logistic; the number below is its own prediction."""
    server = serve("xgboost.serve 0.90-2", {"xgboost-model": Path(__file__).with_name("xgboost-0.90.pkl").read_bytes()})
    assert server.wait(), server.log.read_text()
    assert float(server.invoke("0.017,0.813,0.913", "text/csv").text) == pytest.approx(0.8342810273)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "There is no model file"),
        ({"xgboost-model": b"no model at all"}, "cannot be loaded by XGBoost"),
        ({"xgboost-model": pickle.dumps({"a": "dict"})}, "it holds a pickled dict; algorithm mode needs a Booster"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason_in_its_log(serve, files, words):
    server = serve(XGBOOST, files)
    assert not server.wait()
    assert words in server.log.read_text()


def test_the_first_image_knows_no_scripts(serve, model):
    """AWS's XGBoost 0.72 is the algorithm alone: SAGEMAKER_PROGRAM means nothing to it."""
    files = {"xgboost-model": model_file(model)}
    server = serve("xgboost.serve 0.72", files, SAGEMAKER_PROGRAM="inference.py", SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/model/code")
    assert server.wait(), server.log.read_text()
    assert server.invoke(csv(ROWS[:2]), "text/csv").text == ",".join(map(str, expected(model, ROWS[:2])))


def test_selectable_inference(serve, model):
    names = "predicted_label, labels, probability, probabilities, raw_score, predicted_score"
    server = serve(XGBOOST, {"xgboost-model": model_file(model)}, SAGEMAKER_INFERENCE_OUTPUT=names)
    assert server.wait()
    [score] = expected(model, ROWS[:1])
    wanted = {"predicted_label": int(score > 0.5), "labels": [0, 1], "probability": score, "probabilities": [1 - score, score]}
    [answer] = server.invoke(csv(ROWS[:1]), "text/csv", "application/json").json()["predictions"]
    assert answer.pop("predicted_score") != answer.get("predicted_score")  # NaN: a classifier does not support this key
    assert answer == wanted | {"raw_score": score}
    [record] = recordio_protobuf.read(server.invoke(csv(ROWS[:1]), "text/csv", "application/x-recordio-protobuf").content)
    assert {name: record.label[name].values.tolist() for name in ("labels", "probability")} == {"labels": [0, 1], "probability": [score]}
    rows = server.invoke(csv(ROWS[:2]), "text/csv", "application/jsonlines").text.splitlines()
    assert [json.loads(row)["labels"] for row in rows] == [[0, 1], [0, 1]]
    assert (
        server.invoke(csv(ROWS[:1]), "text/csv").text == f'{wanted["predicted_label"]},"[0, 1]",{score},"{[1 - score, score]}",{score},nan'
    )


def test_selectable_inference_of_several_classes(serve):
    model = booster("multi:softprob", num_class=3)
    server = serve(XGBOOST, {"xgboost-model": model_file(model)}, SAGEMAKER_INFERENCE_OUTPUT="predicted_label,probabilities,labels")
    assert server.wait()
    [scores] = expected(model, ROWS[:1])
    [answer] = server.invoke(csv(ROWS[:1]), "text/csv", "application/json").json()["predictions"]
    assert answer == {"predicted_label": int(np.argmax(scores)), "probabilities": scores, "labels": [0, 1, 2]}
