"""Kills the local AWS, a job's supervisor or its program at random moments, many times: nothing is lost or left running."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.job_fixtures import ENDED

WORK = ["/bin/sh", "-c", "sleep 0.2 & wait; echo model > /opt/ml/model/model.txt; sleep 0.1"]
VICTIMS = ("gateway", "supervisor", "program")


def supervises(process: psutil.Process) -> bool:
    """Whether a process is the root of a job's or server's processes."""
    return any(argument.endswith("supervisor") for argument in process.cmdline())


class Chaos(KillableAws):
    """Kills processes, and records acknowledged jobs."""

    def __init__(self, state: Path, seed: int) -> None:
        super().__init__(state, seed)
        self.acknowledged: list[str] = []

    def strike(self, victim: str) -> None:
        """Begin jobs, the second with retries, wait for a moment, and kill."""
        for changes in ({}, {"RetryStrategy": {"MaximumRetryAttempts": 1}}):
            self.acknowledged.append(self.aws.train(self.aws.name(f"chaos-{victim}"), entrypoint=WORK, **changes))
        time.sleep(self.random.uniform(0, 0.6))  # a random moment; no test relies on its length
        if victim == "gateway":
            self.kill_gateway()
        else:
            self.kill_one(lambda process: supervises(process) == (victim == "supervisor"))

    def check_latest(self) -> None:
        """Check that every acknowledged job has ended, by itself or with a reason, and that nothing of it remains."""
        for name in self.acknowledged[-2:]:
            job = self.aws.trained(name)
            completed = job["TrainingJobStatus"] == "Completed"
            possible = ("AlgorithmError",) if "RetryStrategy" in job else ("AlgorithmError", "InternalServerError")
            assert completed or job["FailureReason"].startswith(possible), job
            if completed:
                assert self.aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"model\n"}
        self.nothing_is_left()

    def check_all(self) -> None:
        """Check that all jobs ever acknowledged exist and have ended, and that some were hit by a kill and some were not."""
        listed: dict[str, str] = {}
        for page in self.aws.sagemaker.get_paginator("list_training_jobs").paginate(NameContains="chaos"):
            listed |= {job["TrainingJobName"]: job["TrainingJobStatus"] for job in page["TrainingJobSummaries"]}
        assert listed.keys() == set(self.acknowledged) and {"Completed", "Failed"} <= set(listed.values()) <= set(ENDED)


@pytest.mark.timeout(600)
@pytest.mark.nightly  # test_training_faults.py kills by day, at a moment of its choice
@pytest.mark.parametrize("kills", [20, 50, 100])
def test_nothing_is_lost_or_left(tmp_path: Path, kills: int) -> None:
    chaos = Chaos(tmp_path / "state", seed=kills)
    try:
        for kill in range(kills):
            chaos.strike(VICTIMS[kill % len(VICTIMS)])
            chaos.check_latest()
        chaos.check_all()
    finally:
        chaos.aws.handle.stop()
    assert chaos.aws.processes() == []
