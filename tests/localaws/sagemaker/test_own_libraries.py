"""Jobs and servers of an image version whose own library was added; a temporary local AWS, as grading uses it, has the course's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import xgboost

from course.localaws.images import catalogue, libraries
from course.localaws.server import launch
from course.sandbox import box
from tests.localaws.sagemaker.hosting.endpoint_fixtures import echo, fixtures_of, until
from tests.localaws.sagemaker.job_fixtures import XGBOOST, JobFixtures

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
    return aws.lines(name, "ProcessingJobs")


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


def test_a_temporary_local_aws_has_the_courses_libraries(own: Path) -> None:
    with launch.temporary() as handle:
        lines = processed(JobFixtures(handle, box.best_mode()), NEWEST)
    assert lines[-1] == f"runs {xgboost.__version__}" and f"has XGBoost 3.2.0 on AWS, and XGBoost {xgboost.__version__} here" in lines[0]
