"""Adds a first-party algorithm, as one folder, to a copy of the package: its image is found, trains and serves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import course
from course.localaws.images import catalogue

URI = "382416733822.dkr.ecr.us-east-1.amazonaws.com/nearest-mean:1"

IMAGE = """
order: 75
images:
  - name: nearest-mean
    title: nearest mean, an algorithm of this test
    repository: nearest-mean
    accounts: first-party
    versions: ["1"]
    example: "382416733822.dkr.ecr.us-east-1.amazonaws.com/nearest-mean:1"
    train: course.localaws.images.algorithms.train nearest-mean
    serve: course.localaws.images.algorithms.serve nearest-mean
    algorithm: nearest-mean
    client_error: 2
    environment: {OPENBLAS_NUM_THREADS: "1"}
"""
TABLE = """
name: NearestMean
channels:
  train: {labelled: true}
hyperparameters:
  feature_dim: {type: integer, range: "[1, +inf)", required: true}
metrics:
  definitions:
    "train:accuracy": '#quality_metric: host=\\S+, train accuracy <score>=(\\S+)'
"""
ALGORITHM = """
import numpy as np

RESPONSE = "predictions"


def train(configuration, data, report):
    rows, labels = data["train"].features, data["train"].labels
    arrays = {"means": np.stack([rows[labels == label].mean(axis=0) for label in (0, 1)])}
    report.quality("train", "accuracy", np.mean(Model(arrays, configuration).labels(rows) == labels), "score")
    return arrays


class Model:
    def __init__(self, arrays, configuration):
        self._means = arrays["means"]
        self.columns = self._means.shape[1]

    def labels(self, rows):
        return np.square(rows[:, None] - self._means).sum(axis=2).argmin(axis=1)

    def predict(self, features, verbose):
        return [{"label": label} for label in self.labels(features).tolist()]


MODEL = Model
"""
QUESTION = f"""
import json
from course.localaws import images
image = images.find({URI!r})
print(json.dumps([image.train(), image.serve(), image.metric_definitions(), images.missing({URI!r})]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package ``course`` that has the algorithm."""
    root = tmp_path_factory.mktemp("package")
    shutil.copytree(Path(course.__file__).parent, root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    folder = root / "course/localaws/images/algorithms/nearest_mean"
    folder.mkdir()
    for name, text in {"image.yaml": IMAGE, "algorithm.yaml": TABLE, "algorithm.py": ALGORITHM}.items():
        (folder / name).write_text(text)
    return root


def run(package: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = os.environ | {"PYTHONPATH": str(package)} | environment
    return subprocess.run([sys.executable, "-P", *arguments], capture_output=True, text=True, cwd=package, env=settings, check=True)


def test_the_new_image_is_found_trains_and_serves(package: Path, tmp_path: Path, serve: Callable) -> None:
    training, serving, definitions, missing = json.loads(run(package, "-c", QUESTION).stdout)
    assert [definition["Name"] for definition in definitions] == ["train:accuracy"] and missing == ""

    base = tmp_path / "training"
    for folder in ("input/config", "input/data/train", "model", "output"):
        (base / folder).mkdir(parents=True)
    (base / "input/config/hyperparameters.json").write_text('{"feature_dim": "2"}')
    (base / "input/config/inputdataconfig.json").write_text('{"train": {"ContentType": "text/csv"}}')
    (base / "input/data/train/rows.csv").write_text("0,0,0\n0,0,1\n1,9,9\n1,9,8\n")
    assert training[:2] == serving[:2] == ["python3", "-P"]
    log = run(package, *training[2:], SAGEMAKER_BASE_DIR=str(base)).stdout
    assert "train accuracy <score>=1.0" in log

    model = (base / "model/model_algo-1").read_bytes()
    module = " ".join(serving[3:]).removeprefix("course.localaws.images.")
    server = serve(module, {"model_algo-1": model}, PYTHONPATH=str(package))
    assert server.wait(), server.log.read_text()
    answer = server.invoke("1,1\n8,8\n", "text/csv")
    assert answer.json() == {"predictions": [{"label": 0}, {"label": 1}]}


def test_every_folder_declares_its_images() -> None:
    """The orders are unique, so that lists of images are always the same, and all entries are complete."""
    paths = sorted(catalogue.HERE.rglob("image.yaml"))
    orders = [catalogue.table(path)["order"] for path in paths]
    assert len(set(orders)) == len(orders) >= 10
    entries = catalogue.entries()
    assert len({entry["repository"] for entry in entries}) == len(entries)
    for entry in entries:
        assert {"name", "title", "repository", "accounts", "versions", "example", "environment"} <= set(entry), entry["repository"]
        assert catalogue.accounts(entry["accounts"])["us-east-1"] == entry["example"].partition(".")[0]
        assert "algorithm" not in entry or "hyperparameters" in catalogue.algorithm(entry["algorithm"])
    with pytest.raises(KeyError):
        catalogue.algorithm("none")
