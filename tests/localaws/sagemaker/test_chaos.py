"""Chaos: the local AWS, a job's supervisor or its program is killed at any moment, many times over, and nothing is lost or left running."""

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
    """Whether a process is the one from which all others of a job or server descend."""
    return any(argument.endswith("supervisor") for argument in process.cmdline())


class Chaos(KillableAws):
    """Kills, and what was acknowledged so far."""

    def __init__(self, state: Path, seed: int) -> None:
        super().__init__(state, seed)
        self.acknowledged: list[str] = []

    def strike(self, victim: str) -> None:
        """Begin jobs, of which the second may be retried, wait for a moment, and kill."""
        for changes in ({}, {"RetryStrategy": {"MaximumRetryAttempts": 1}}):
            self.acknowledged.append(self.world.train(self.world.name(f"chaos-{victim}"), entrypoint=WORK, **changes))
        time.sleep(self.random.uniform(0, 0.6))  # the moment is what is tried out; nothing is expected of it
        if victim == "gateway":
            self.kill_gateway()
        else:
            self.kill_one(lambda process: supervises(process) == (victim == "supervisor"))

    def account(self) -> None:
        """Everything acknowledged has ended, by itself or with a reason, and nothing of it is left."""
        for name in self.acknowledged[-2:]:
            job = self.world.trained(name)
            whole = job["TrainingJobStatus"] == "Completed"
            possible = ("AlgorithmError",) if "RetryStrategy" in job else ("AlgorithmError", "InternalServerError")
            assert whole or job["FailureReason"].startswith(possible), job
            if whole:
                assert self.world.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"model\n"}
        self.nothing_is_left()

    def all_told(self) -> None:
        """What was acknowledged long ago is still there, and has ended; some were hit, and some were not."""
        listed: dict[str, str] = {}
        for page in self.world.sagemaker.get_paginator("list_training_jobs").paginate(NameContains="chaos"):
            listed |= {job["TrainingJobName"]: job["TrainingJobStatus"] for job in page["TrainingJobSummaries"]}
        assert listed.keys() == set(self.acknowledged) and {"Completed", "Failed"} <= set(listed.values()) <= set(ENDED)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [50, pytest.param(100, marks=pytest.mark.nightly)])
def test_nothing_is_lost_or_left(tmp_path: Path, kills: int) -> None:
    chaos = Chaos(tmp_path / "state", seed=kills)
    try:
        for kill in range(kills):
            chaos.strike(VICTIMS[kill % len(VICTIMS)])
            chaos.account()
        chaos.all_told()
    finally:
        chaos.world.handle.stop()
    assert chaos.world.processes() == []
