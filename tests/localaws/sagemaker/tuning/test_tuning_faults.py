"""Kill, stop, reset and clock jumps of the local AWS during a tuning job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from course.localaws.server import launch
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.tuning.test_tuning import LONG
from tests.localaws.sagemaker.tuning.tuning_fixtures import TuningFixtures

LOST = "InternalServerError: the local AWS was stopped while the job ran"


@pytest.fixture
def tuning(tmp_path: Path) -> Iterator[TuningFixtures]:
    aws = JobFixtures(launch.start(tmp_path / "state"), "")
    yield TuningFixtures(aws)
    if handle := launch.find(tmp_path / "state"):
        handle.stop()


def start(tuning: TuningFixtures) -> str:
    """A tuning job with one ended and two running training jobs."""
    name = tuning.start(9, Strategy="Bayesian", request={"TrainingJobDefinition": tuning.definition(LONG)})
    first = tuning.aws.until(lambda: tuning.trials(name))[0]["TrainingJobName"]
    tuning.aws.until(lambda: "loss=1" in tuning.aws.lines(first))
    tuning.client.stop_training_job(TrainingJobName=first)
    tuning.aws.until(lambda: len(tuning.trials(name)) == 3)
    return name


@pytest.mark.nightly  # its own local AWS; a training job is killed by day
def test_killed_while_a_tuning_job_runs(tuning: TuningFixtures, tmp_path: Path) -> None:
    name = start(tuning)
    server_process = psutil.Process(tuning.aws.handle.pid)
    children = server_process.children(recursive=True)
    assert any("course.localaws.sagemaker.tuning.strategies.process" in child.cmdline() for child in children)
    server_process.kill()
    tuning.aws.until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    again = TuningFixtures(JobFixtures(launch.start(tmp_path / "state"), "", fresh=False))
    job = again.describe(name)
    assert (job["HyperParameterTuningJobStatus"], job["FailureReason"]) == ("Failed", LOST)
    stopped, *lost = again.trials(name)
    assert stopped["TrainingJobStatus"] == "Stopped" and stopped["ObjectiveStatus"] == "Succeeded"
    for trial in lost:
        assert (trial["TrainingJobStatus"], trial["FailureReason"], trial["ObjectiveStatus"]) == ("Failed", LOST, "Failed")
        assert again.client.describe_training_job(TrainingJobName=trial["TrainingJobName"])["FailureReason"] == LOST
    assert job["TrainingJobStatusCounters"]["RetryableError"] == 2 and job["TrainingJobStatusCounters"]["InProgress"] == 0
    assert job["BestTrainingJob"] == stopped and again.aws.boxes() == []
    assert again.run(1)[0]["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.nightly  # its own local AWS; a training job is killed by day
def test_reset_and_stopped_while_a_tuning_job_runs(tuning: TuningFixtures) -> None:
    start(tuning)
    tuning.aws.handle.reset()
    assert tuning.aws.processes() == [] and tuning.aws.boxes() == []
    assert tuning.client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []
    assert tuning.client.list_training_jobs()["TrainingJobSummaries"] == []
    tuning.aws.s3.create_bucket(Bucket=BUCKET)
    start(tuning)
    tuning.aws.handle.stop()
    assert tuning.aws.processes() == []


@pytest.mark.nightly  # waits for several jobs
def test_the_longest_run_time_is_by_the_clock(tuning: TuningFixtures) -> None:
    name = tuning.start(4, limits={"MaxRuntimeInSeconds": 3600}, request={"TrainingJobDefinition": tuning.definition(LONG)})
    tuning.aws.until(tuning.aws.processes)
    tuning.aws.handle.advance(3600)
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["TrainingJobStatusCounters"]["Stopped"] == len(tuning.trials(name))
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 3600
