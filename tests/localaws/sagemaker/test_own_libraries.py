"""Jobs and servers of an image version whose own library was added; a temporary local AWS, as grading uses it, has the course's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xgboost

from course.localaws.images import catalogue, libraries
from course.localaws.images.xgboost import versions
from course.localaws.server import launch
from course.sandbox import box
from tests.localaws.sagemaker.hosting.endpoint_fixtures import echo, fixtures_of, until
from tests.localaws.sagemaker.job_fixtures import XGBOOST, JobFixtures, channel

NEWEST = XGBOOST.replace("1.7-1", "3.2-0")
CODE = "import xgboost; print('runs', xgboost.__version__)"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which an xgboost 3.2.0 was added: here a module that knows its version and nothing else."""
    folder = tmp_path_factory.mktemp("images")
    packages = folder / f"sagemaker-xgboost-3.2-0-{sys.implementation.cache_tag}" / "packages"
    for name, text in {
        "xgboost/__init__.py": "__version__ = '3.2.0'",
        "xgboost_cpu-3.2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: xgboost-cpu\nVersion: 3.2.0\n",
    }.items():
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text(text)
    pins = catalogue.folder("sagemaker-xgboost") / "pins/3.2-0.txt"
    (packages.parent / libraries.PINS).write_text(pins.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(libraries.FOLDER, str(folder))
        yield folder


def processed(aws: JobFixtures, image: str) -> list[str]:
    """The log of a processing job that prints the version of its XGBoost."""
    name = aws.process(CODE, AppSpecification={"ImageUri": image})
    job = aws.processed(name)
    assert job["ProcessingJobStatus"] == "Completed", (job, aws.lines(name, "ProcessingJobs"))
    return aws.lines(name, "ProcessingJobs", notes=True)


@pytest.mark.nightly  # libraries of a job by day in jobs/test_overlay.py
def test_jobs_and_servers_have_the_library_that_was_added_and_say_so(own: Path, tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        aws = JobFixtures(handle, box.best_mode())
        assert processed(aws, NEWEST) == [libraries.ADDED.format(title="XGBoost", runs="3.2.0"), "runs 3.2.0"]
        others = processed(aws, XGBOOST)
        assert f"has XGBoost 1.7.4 on AWS, and XGBoost {xgboost.__version__} here" in others[0] and others[1:] == [
            f"runs {xgboost.__version__}"
        ]
        script = aws.trained(aws.script(CODE, image=NEWEST))
        assert script["TrainingJobStatus"] == "Completed" and "runs 3.2.0" in aws.lines(script["TrainingJobName"])
        hosting = fixtures_of(handle)
        files = echo("here") | {"code/inference.py": echo("here")["code/inference.py"] + f"\n{CODE}".encode()}
        name = hosting.deploy(files, NEWEST)
        assert hosting.invoke(name) == "here"
        until(lambda: "runs 3.2.0" in hosting.log(name), "its log says so")
        hosting.close()
    finally:
        handle.stop()


@pytest.mark.nightly  # a local AWS and a job of its own
def test_a_temporary_local_aws_has_the_courses_libraries(own: Path) -> None:
    with launch.temporary() as handle:
        lines = processed(JobFixtures(handle, box.best_mode()), NEWEST)
    assert lines[-1] == f"runs {xgboost.__version__}" and f"has XGBoost 3.2.0 on AWS, and XGBoost {xgboost.__version__} here" in lines[0]


ROWS = np.random.default_rng(4).random((200, 3)).round(3)
LABELS = 8 + ROWS.sum(axis=1)
SKLEARN_SCRIPT = """
import os, pickle
import numpy, pandas as pd, scipy, sklearn
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

def model_fn(folder):
    return pickle.load(open(os.path.join(folder, "model.pkl"), "rb"))

if __name__ == "__main__":
    print("has", sklearn.__version__, pd.__version__, pd.get_dummies(pd.Series(["a", "b"])).a.tolist())
    rows = pd.read_csv("/opt/ml/input/data/train/rows.csv", header=None)
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(rows.values[:, 1:], rows.values[:, 0])
    pickle.dump(model, open(os.environ["SM_MODEL_DIR"] + "/model.pkl", "wb"))
"""


@pytest.fixture
def added(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, JobFixtures]]:
    """An image with its own library from the package index, and a local AWS that has it."""
    monkeypatch.setenv(libraries.FOLDER, str(tmp_path / "images"))
    own = next(each for each in libraries.available() if each.name == request.param)
    if not own.state.startswith("course aws add-image"):
        pytest.skip(f"{own.name} has {own.state}, until 2027-05-24")
    course = str(Path(sys.executable).with_name("course"))
    subprocess.run([course, "aws", "add-image", own.name], check=True, timeout=600)
    handle = launch.start(tmp_path / "state")
    yield f"683313688378.dkr.ecr.us-east-1.amazonaws.com/{own.repository}:{own.version}", JobFixtures(handle, box.best_mode())
    handle.stop()


def rows() -> str:
    return "\n".join(",".join(map(str, row)) for row in np.column_stack([LABELS, ROWS]))


@pytest.mark.nightly  # fetches wheels of 200 MB
@pytest.mark.parametrize("added", ["xgboost:1.7-1", "xgboost:3.2-0"], indirect=True)
def test_the_built_in_algorithm_with_its_own_library(added: tuple[str, JobFixtures]) -> None:
    image, aws = added
    data = [channel("train", aws.put("own/rows.csv", rows()), "text/csv")]
    parameters = {"num_round": "30", "objective": "reg:squarederror", "early_stopping_rounds": "5", "eval_metric": "rmse,mae"}
    data.append(channel("validation", aws.put("own/more.csv", rows()), "text/csv"))
    job = aws.trained(aws.train(aws.name("own"), image, InputDataConfig=data, HyperParameters=parameters))
    assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], aws.lines(job["TrainingJobName"]))
    model = aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["xgboost-model"]
    assert versions.writer(model)[:2] == {"1.7-1": (1, 7), "3.2-0": (3, 2)}[image.partition(":")[2]]
    hosting = fixtures_of(aws.handle)
    name = hosting.deploy({"xgboost-model": model}, image)
    assert abs(float(hosting.invoke(name, ",".join(map(str, ROWS[0])))) - LABELS[0]) < 0.5
    if "3.2-0" in image:  # the course's XGBoost would answer without the base score, which is 8 and more
        other = hosting.create(hosting.config({"ModelName": hosting.model({"xgboost-model": model}, image.replace("3.2-0", "3.0-5"))}))
        assert hosting.settled(other)["EndpointStatus"] == "Failed" and "written by XGBoost 3.2.0" in hosting.log(other)
    hosting.close()


@pytest.mark.nightly  # fetches wheels
@pytest.mark.parametrize("added", ["sklearn:1.2-1", "sklearn:1.4-2"], indirect=True)
def test_a_script_with_its_own_libraries(added: tuple[str, JobFixtures]) -> None:
    image, aws = added
    data = [channel("train", aws.put("own/train/rows.csv", rows()))]
    job = aws.trained(aws.script(SKLEARN_SCRIPT, image=image, InputDataConfig=data))
    lines = aws.lines(job["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed", (job["FailureReason"], lines)
    assert {"1.2-1": "has 1.2.1 1.5.3 [1, 0]", "1.4-2": "has 1.4.2 2.2.3 [True, False]"}[image.partition(":")[2]] in lines
    hosting = fixtures_of(aws.handle)
    files = aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) | {"code/inference.py": SKLEARN_SCRIPT.encode()}
    name = hosting.deploy(files, image)
    body = "\n".join(",".join(map(str, row)) for row in ROWS[:2])
    assert np.allclose(json.loads(hosting.invoke(name, body)), LABELS[:2], atol=1e-3)
    hosting.close()
