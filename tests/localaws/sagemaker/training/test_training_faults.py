"""The local AWS is killed, stopped or reset while a job runs, or the disk is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.server import launch
from course.sandbox import box
from tests.leaked_processes import kill
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, cluster
from tests.localaws.sagemaker.training.test_training_retries import BEGIN, ONCE, waiting
from tests.localaws.sagemaker.training.test_training_spot import steps

MODES = [
    pytest.param(
        "namespace", marks=pytest.mark.skipif(box.best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
    ),
    "rewrite",
]
LOST = "InternalServerError: the local AWS was stopped while the job ran"
FORKS = "setsid sh -c 'sleep 600' & echo running; sleep 600"


def start(state: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> launch.Handle:
    if mode == "rewrite":
        monkeypatch.setenv("COURSE_NO_USERNS", "1")
    return launch.start(state)


@pytest.mark.parametrize("mode", MODES)
def test_killed_while_a_job_runs(tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    aws = JobFixtures(start(state, mode, monkeypatch), mode)
    training = aws.train("training", entrypoint=["/bin/sh", "-c", FORKS])
    processing = aws.process("import time; time.sleep(600)")
    aws.until(lambda: len(aws.processes()) >= 5)
    kill(aws.handle.pid)
    aws.until(lambda: not aws.processes())
    again = JobFixtures(launch.start(state), mode, fresh=False)
    try:
        for job in (again.trained(training), again.processed(processing)):
            assert job["FailureReason"] == LOST
        assert again.trained(training)["SecondaryStatusTransitions"][-1]["Status"] == "Failed"
        assert again.boxes() == []
        assert again.trained(again.train("after", entrypoint=["true"]))["TrainingJobStatus"] == "Completed"
    finally:
        again.handle.stop()


@pytest.mark.nightly  # its own local AWS; a training job is killed by day
@pytest.mark.parametrize("end", ["killed", pytest.param("stopped", marks=pytest.mark.nightly)])
def test_a_job_that_may_be_retried_goes_on_at_the_next_start(tmp_path: Path, end: str) -> None:
    state = tmp_path / "state"
    aws = JobFixtures(launch.start(state), "")
    again = waiting(aws, RetryStrategy={"MaximumRetryAttempts": 1}, ResourceConfig=cluster(1) | {"KeepAlivePeriodInSeconds": 600})
    stopping = waiting(aws, "trap '' TERM; touch /opt/ml/checkpoints/begun; while :; do sleep 0.1; done", **ONCE)
    aws.sagemaker.stop_training_job(TrainingJobName=stopping)
    kill(aws.handle.pid) if end == "killed" else aws.handle.stop()
    aws.until(lambda: not aws.processes())
    aws = JobFixtures(launch.start(state), "", fresh=False)
    try:
        job = aws.trained(again)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert steps(job) == [*BEGIN, "Restarting", *BEGIN, "Uploading", "Completed"]
        [step] = [step for step in job["SecondaryStatusTransitions"] if step["Status"] == "Restarting"]
        assert step["StatusMessage"].endswith(LOST) and job["WarmPoolStatus"]["Status"] == "Available"
        assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"model\n"}
        assert aws.trained(stopping)["FailureReason"] == LOST and "Restarting" not in steps(aws.trained(stopping))
        assert aws.boxes() == []
    finally:
        aws.handle.stop()


@pytest.mark.nightly  # a kill, the harder case, runs by day
@pytest.mark.parametrize("mode", MODES)
def test_stopped_and_reset_while_a_job_runs(tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = JobFixtures(start(tmp_path / "state", mode, monkeypatch), mode)
    aws.train("one", entrypoint=["/bin/sh", "-c", FORKS])
    aws.until(lambda: len(aws.processes()) >= 4)
    aws.handle.reset()
    assert aws.processes() == [] and aws.boxes() == []
    assert aws.sagemaker.list_training_jobs()["TrainingJobSummaries"] == []
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.train("one", entrypoint=["/bin/sh", "-c", FORKS])
    aws.until(lambda: len(aws.processes()) >= 4)
    aws.handle.stop()
    assert aws.processes() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"mounting takes root: {mounted.stderr.strip()}, until 2027-05-24")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.nightly  # its own local AWS; server/test_full_disk.py covers a full disk by day
def test_full_disk(small_disk: Path) -> None:
    aws = JobFixtures(launch.start(small_disk / "state"), "namespace")
    try:
        fill = "head -c 200000000 /dev/zero > /opt/ml/model/large"
        job = aws.trained(aws.train("full", entrypoint=["/bin/sh", "-c", fill]))
        assert job["TrainingJobStatus"] == "Failed"
        assert "exit code: 1" in job["FailureReason"] or "No space left on device" in job["FailureReason"]
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        half = f"head -c {int(free * 0.6)} /dev/urandom > /opt/ml/model/large"
        job = aws.trained(aws.train("half", entrypoint=["/bin/sh", "-c", half]))
        assert job["TrainingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("ClientError: Artifact upload failed:") and "space" in job["FailureReason"].lower()
        assert aws.boxes() == []
        job = aws.trained(aws.train("small", entrypoint=["/bin/sh", "-c", "echo model > /opt/ml/model/small"]))
        assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"small": b"model\n"}
    finally:
        aws.handle.stop()
