"""The local AWS is killed in the middle of executions: at the next start they go on, no step runs twice, and none is stuck."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.pipelines.definitions import get
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import PipelineFixtures

KILLS = 100
STEPS = ("a", "b", "c")
AGAIN = [{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 20}]
SHORTLY = "import time\ntime.sleep(0.2)\n"


class Chaos(KillableAws):
    """Kills the local AWS while executions run, and looks at what they did."""

    def __init__(self, state: Path, seed: int) -> None:
        super().__init__(state, seed)
        self.started: list[str] = []
        pipelines = self.pipelines
        first, second, third = (pipelines.processing(name, SHORTLY, RetryPolicies=AGAIN) for name in STEPS)
        right = {"Type": "Equals", "LeftValue": get("Execution.PipelineName"), "RightValue": "chaos"}
        model = {
            "Name": "model", "Type": "Model", "DependsOn": ["b"],
            "Arguments": {"ExecutionRoleArn": first["Arguments"]["RoleArn"], "PrimaryContainer": {"Image": _image(first)}},
        }  # fmt: skip
        arguments = {"Conditions": [right], "IfSteps": [third, model], "ElseSteps": []}
        choice = {"Name": "choice", "Type": "Condition", "DependsOn": ["a"], "Arguments": arguments}
        pipelines.create([first, second, choice], "chaos")

    @property
    def pipelines(self) -> PipelineFixtures:
        return PipelineFixtures(self.aws.client)

    def strike(self) -> None:
        """Start an execution, and kill at a random moment."""
        self.started.append(self.pipelines.start("chaos"))
        time.sleep(self.random.uniform(0, 2))  # a random moment; no test relies on its length
        self.kill_gateway()

    def check(self, arn: str) -> None:
        """Check that an execution comes to its end, and that each step has done its work once."""
        self.aws.until(lambda: self.pipelines.ended(arn))
        execution, found = self.pipelines.ended(arn), self.pipelines.steps(arn)
        assert execution["PipelineExecutionStatus"] == "Succeeded", (execution, found)
        assert found.keys() == {*STEPS, "choice", "model"}
        id = arn.rpartition("/")[2]
        for name in STEPS:
            jobs = self.aws.sagemaker.list_processing_jobs(NameContains=f"pipelines-{id}-{name}-")["ProcessingJobSummaries"]
            assert len(jobs) == found[name]["AttemptCount"], (name, jobs, found[name])
            assert [job["ProcessingJobStatus"] for job in jobs].count("Completed") == 1
        assert len(self.aws.sagemaker.list_models(NameContains=f"pipelines-{id}-model-")["Models"]) == 1


def _image(step: dict) -> str:
    return step["Arguments"]["AppSpecification"]["ImageUri"]


@pytest.mark.nightly  # test_steps_chaos kills by day
@pytest.mark.timeout(3600)
def test_no_step_runs_twice_and_none_is_stuck(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path / "state", seed=KILLS)
    try:
        for _ in range(KILLS):
            chaos.strike()
            chaos.check(chaos.started[-1])
        chaos.nothing_is_left()
        listed = chaos.aws.sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName="chaos")
        assert {each["PipelineExecutionArn"] for page in listed for each in page["PipelineExecutionSummaries"]} == set(chaos.started)
    finally:
        chaos.aws.handle.stop()
