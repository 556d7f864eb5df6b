"""Models of other XGBoost releases: who wrote a model, and what the image of each version does with it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.xgboost import versions

ROWS = np.random.default_rng(5).random((60, 3))
MODEL = xgboost.train({"max_depth": 2, "base_score": 7.0}, xgboost.DMatrix(ROWS, label=ROWS.sum(axis=1)), 2)
with warnings.catch_warnings(action="ignore"):
    BINARY = bytes(MODEL.save_raw("deprecated"))
OLD_PICKLE = Path(__file__).with_name("xgboost-0.90.pkl").read_bytes()  # see test_serving_xgboost
RUNNING = tuple(map(int, xgboost.__version__.split(".")))
AT_NIGHT = pytest.mark.nightly  # as the first of its kind, with another model; each is a process that imports xgboost
NUMBERS = st.one_of(st.integers(0, 130), st.integers(0, 1 << 40))


def claimed(version: tuple[int, ...], form: str = "json") -> bytes:
    """The model, as if another release had written it."""
    data = bytes(MODEL.save_raw(form))
    ours, theirs = list(RUNNING), list(version)
    if form == "json":
        return data.replace(json.dumps(ours, separators=(",", ":")).encode(), json.dumps(theirs, separators=(",", ":")).encode())
    return data.replace(ubjson(RUNNING), ubjson(version))


def ubjson(version: tuple[int, ...]) -> bytes:
    """The version as XGBoost writes it in UBJSON: each number in as few bytes as possible."""
    parts = b""
    for number in version:
        size, mark = next((size, mark) for size, mark in ((1, b"i"), (2, b"I"), (4, b"l"), (8, b"L")) if number < 1 << (8 * size - 1))
        parts += mark + number.to_bytes(size, "big")
    return b"version[#L" + (3).to_bytes(8, "big") + parts


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_a_model_says_who_wrote_it(form: str) -> None:
    assert versions.writer(bytes(MODEL.save_raw(form))) == RUNNING
    assert versions.writer(bytes(MODEL.__getstate__()["handle"])) == RUNNING
    assert versions.writer(b"") == versions.writer(b"no model at all") == ()


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.sampled_from(["json", "ubj"]))
def test_any_version_is_read(version: tuple[int, ...], form: str) -> None:
    assert versions.writer(claimed(version, form)) == version


@given(st.binary(max_size=200), st.sampled_from(["0.72", "1.7-1", "3.2-0"]))
def test_any_bytes_have_a_writer_or_none(data: bytes, version: str) -> None:
    assert len(versions.writer(data)) in (0, 3)


@pytest.mark.parametrize(
    ("version", "written", "words"),
    [
        ("3.2-0", (3, 1, 0), f"written by XGBoost 3.1.0, which is newer than XGBoost {xgboost.__version__}, which this image has here"),
        ("3.0-5", (4, 0, 0), "written by XGBoost 4.0.0"),
        ("1.7-1", (2, 1, 4), "written by XGBoost 2.1.4, which is newer than XGBoost 1.7 of the image sagemaker-xgboost:1.7-1"),
        ("0.90-2", (1, 0, 0), "newer than XGBoost 0.90 of the image"),
    ],
)
@pytest.mark.parametrize("form", ["json", "ubj"])
def test_a_model_of_a_newer_release_is_refused_with_both_versions(version, written, words, form) -> None:
    with pytest.raises(versions.NewerModelError) as error:
        versions.check_writer(claimed(written, form), version)
    assert words in str(error.value)


@pytest.mark.parametrize(("version", "written"), [("0.90-2", RUNNING), ("1.7-1", (1, 5, 2)), ("1.7-1", RUNNING), ("3.2-0", (2, 1, 4))])
def test_a_model_of_an_older_release_and_of_the_courses_own_is_taken(version, written) -> None:
    versions.check_writer(claimed(written), version)


def test_a_newer_model_ends_the_server_with_both_versions_in_its_log(serve) -> None:
    server = serve("xgboost.serve 3.2-0", {"xgboost-model": claimed((3, 1, 0), "ubj")})
    assert not server.wait()
    assert "written by XGBoost 3.1.0, which is newer than XGBoost " + xgboost.__version__ in server.log.read_text()


@pytest.mark.parametrize(
    ("version", "files", "words"),
    [
        pytest.param("1.0-1", {"xgboost-model": OLD_PICKLE}, "no Booster that an earlier XGBoost pickled", marks=AT_NIGHT),
        ("1.2-1", {"xgboost-model": OLD_PICKLE}, "no Booster that an earlier XGBoost pickled"),
        ("3.2-0", {"xgboost-model": BINARY}, "no longer read the binary format"),
    ],
)
def test_what_the_image_cannot_read_on_aws_answers_500_so_that_an_alarm_sees_it(serve, version, files, words) -> None:
    server = serve(f"xgboost.serve {version}", files)
    assert server.wait(), server.log.read_text()
    answer = server.invoke("0.017,0.813,0.913", "text/csv")
    assert answer.status_code == 500 and answer.text.startswith("Unable to load model: Model at ") and words in answer.text
    assert server.invoke("", "text/csv").status_code == 204  # as on AWS, which loads the model after it has read the request
    assert server.invoke("1,2", "image/png").status_code == 415


@pytest.mark.nightly  # a server of its own; the same function refuses the model of one by day
def test_a_container_for_many_models_does_not_load_it(serve) -> None:
    server = serve("xgboost.serve 1.2-1", {"xgboost-model": OLD_PICKLE}, SAGEMAKER_MULTI_MODEL="true", SM_MODEL_DIR="/opt/ml/model")
    assert server.wait(), server.log.read_text()
    import requests

    place = str(server.log.parent / "model")
    answer = requests.post(f"{server.url}/models", json={"model_name": "old", "url": place}, timeout=60)
    assert answer.status_code == 500 and "UnreadableModelError" in answer.json()["message"]


SCRIPT = """
import pickle, sys
from course.localaws.images.xgboost import guard
guard.install(sys.argv[1], {}, [])
import xgboost
how, path = sys.argv[2:]
model = pickle.load(open(path, "rb")) if how == "pickle" else xgboost.Booster(model_file=path)
print(model.num_features())
"""


@pytest.mark.parametrize(
    ("version", "how", "data", "words"),
    [
        ("3.2-0", "file", claimed((3, 1, 0)), "written by XGBoost 3.1.0"),
        pytest.param("1.7-1", "pickle", pickle.dumps(MODEL), "", marks=AT_NIGHT),
        pytest.param("1.7-1", "file", claimed((2, 1, 4), "ubj"), "written by XGBoost 2.1.4", marks=AT_NIGHT),
        pytest.param("3.2-0", "file", BINARY, "no longer read the binary format", marks=AT_NIGHT),
        pytest.param("3.0-5", "file", claimed(RUNNING), "", marks=AT_NIGHT),
        pytest.param("3.0-5", "file", None, "No such file", marks=AT_NIGHT),
    ],
)
def test_a_script_that_loads_a_model_itself(tmp_path, version, how, data, words) -> None:
    path = tmp_path / ("model" if data is BINARY else "model.json" if data and data.startswith(b'{"') else "model.ubj")
    if data is not None:
        path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, version, how, str(path)], env=os.environ, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout == "3\n" and not words) or (words and words in done.stderr), done.stdout + done.stderr
