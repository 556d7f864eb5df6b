"""What jobs and endpoints of SageMaker cost beside their plain hours: warm pools, volumes, provisioned concurrency."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.sandbox import box
from tests.localaws.billing.ledgers import HOUR, amounts, months
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import JobFixtures

SLACK = 0.02  # hours that a test may take between two looks at the clock


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("sagemaker-metering") / "state")
    yield aws
    aws.stop()


@pytest.fixture
def jobs(aws: RestartableAws) -> JobFixtures:
    aws.handle.reset()
    return JobFixtures(aws.handle, box.best_mode())


def kept_alive(jobs: JobFixtures, seconds: int) -> str:
    """The name of a job that has ended, and whose two instances are kept in a warm pool."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 30, "KeepAlivePeriodInSeconds": seconds}
    name = jobs.train(jobs.name("warm"), entrypoint=["true"], ResourceConfig=resources)
    assert jobs.trained(name)["TrainingJobStatus"] == "Completed"
    return name


def billed_seconds(jobs: JobFixtures, *names: str) -> int:
    """What AWS bills for jobs and their pools by their descriptions."""
    described = [jobs.sagemaker.describe_training_job(TrainingJobName=name) for name in names]
    return sum(job["BillableTimeInSeconds"] + job["WarmPoolStatus"]["ResourceRetainedBillableTimeInSeconds"] for job in described)


def test_a_warm_pool_costs_from_the_end_of_its_job_until_its_time_is_over(jobs):
    name = kept_alive(jobs, 600)
    [instances, volume] = jobs.handle.ledger()["running"]
    assert (instances["quantity"], instances["usage_type"]) == (2, "USE1-Train:ml.m5.large")
    assert (volume["quantity"], volume["usage_type"]) == (60, "USE1-Train:VolumeUsage.gp2")
    now = jobs.handle.advance(HOUR)
    assert jobs.handle.ledger()["running"] == []  # without a Describe
    seconds = billed_seconds(jobs, name)
    assert seconds >= 601
    found = amounts(jobs.handle)
    assert found["USE1-Train:ml.m5.large"] == pytest.approx(2 * seconds / HOUR)
    assert found["USE1-Train:VolumeUsage.gp2"] == pytest.approx(2 * 30 * months(now - seconds, now), rel=0.05)


def test_a_warm_pool_costs_until_another_job_takes_it(jobs):
    first = kept_alive(jobs, 3000)
    jobs.handle.advance(1000)
    second = kept_alive(jobs, 3000)
    jobs.sagemaker.update_training_job(TrainingJobName=second, ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    jobs.handle.advance(HOUR)
    seconds = billed_seconds(jobs, first, second)
    assert 1000 <= seconds < 1300
    assert amounts(jobs.handle)["USE1-Train:ml.m5.large"] == pytest.approx(2 * seconds / HOUR)


def test_a_warm_pool_costs_until_the_local_aws_is_killed(aws, jobs):
    name = kept_alive(jobs, 3000)
    jobs.handle.advance(1000)
    aws.restart()
    again = JobFixtures(aws.handle, jobs.mode, fresh=False)
    aws.handle.advance(HOUR)
    seconds = billed_seconds(again, name)
    assert 1000 <= seconds < 1300
    assert amounts(aws.handle)["USE1-Train:ml.m5.large"] == pytest.approx(2 * seconds / HOUR)


def test_a_job_with_an_available_pool_is_not_deleted(jobs):
    name = kept_alive(jobs, 3000)
    code, message = refused(jobs.sagemaker.delete_training_job, TrainingJobName=name)
    assert code == "ResourceInUse" and "warm pool" in message
    jobs.sagemaker.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    jobs.sagemaker.delete_training_job(TrainingJobName=name)
    assert jobs.handle.ledger()["running"] == []
