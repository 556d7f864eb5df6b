"""Warm pools through boto3: which job gets another's cluster, how long the cluster is kept, and its cache."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import ROLE, JobFixtures, trust

CACHE = "/opt/ml/sagemaker/warmpoolcache"
# Prints what is in the cache, and adds a file with the job's name.
CACHING = f"""
import os
print("cache", sorted(os.listdir("{CACHE}")) if os.path.isdir("{CACHE}") else None)
if os.path.isdir("{CACHE}"):
    open("{CACHE}/" + os.environ["TRAINING_JOB_NAME"], "w").close()
"""


def resources(seconds: int, **changes: object) -> dict:
    return {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 7,
        "KeepAlivePeriodInSeconds": seconds,
        **changes,
    }


def warm(aws: JobFixtures, name: str) -> dict | None:
    return aws.sagemaker.describe_training_job(TrainingJobName=name).get("WarmPoolStatus")


def ran(aws: JobFixtures, code: str = CACHING, seconds: int = 600, **changes: object) -> str:
    """The name of a job that has ended, and asked for ``seconds`` of a warm pool."""
    config = resources(seconds, **changes.pop("ResourceConfig", {}))
    if not seconds:
        del config["KeepAlivePeriodInSeconds"]
    name = aws.script(code, ResourceConfig=config, **changes)
    aws.trained(name)
    return name


def cached(aws: JobFixtures, name: str) -> str:
    [line] = [line for line in aws.lines(name) if line.startswith("cache ")]
    return line.removeprefix("cache ")


@pytest.fixture(autouse=True)
def none_left(aws: JobFixtures):
    """Each test starts without warm pools."""
    yield
    aws.handle.advance(3600)


def test_the_next_job_that_matches_is_given_the_cluster_and_its_cache(aws: JobFixtures) -> None:
    first = ran(aws)
    assert warm(aws, first) == {"Status": "Available", "ResourceRetainedBillableTimeInSeconds": 0} and cached(aws, first) == "[]"
    aws.handle.advance(100)
    second = ran(aws)
    pool = warm(aws, first)
    assert (pool["Status"], pool["ReusedByJob"]) == ("Reused", second) and 100 <= pool["ResourceRetainedBillableTimeInSeconds"] < 160
    assert cached(aws, second) == f"['{first}']" and warm(aws, second)["Status"] == "Available"
    third = ran(aws, seconds=0)
    assert cached(aws, third) == str(sorted([first, second])) and warm(aws, third) is None
    assert warm(aws, second)["ReusedByJob"] == third


def test_a_running_job_uses_its_warm_pool(aws: JobFixtures) -> None:
    name = aws.script("import time; time.sleep(600)", ResourceConfig=resources(60))
    assert warm(aws, name) == {"Status": "InUse"}
    aws.until(lambda: aws.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    aws.trained(name)
    assert warm(aws, name)["Status"] == "Available"  # stopping the job does not end the cluster


def test_a_script_that_fails_leaves_a_sound_cluster(aws: JobFixtures) -> None:
    assert warm(aws, ran(aws, "raise ValueError"))["Status"] == "Available"


def test_jobs_that_do_not_match(aws: JobFixtures) -> None:
    first = ran(aws)
    other_role = aws.name("OtherRole")
    iam = aws.client("iam")
    iam.create_role(RoleName=other_role, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
    iam.attach_role_policy(RoleName=other_role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    for changes in (
        {"ResourceConfig": {"VolumeSizeInGB": 8}},
        {"ResourceConfig": {"InstanceType": "ml.m5.xlarge"}},
        {"EnableInterContainerTrafficEncryption": True},
        {"RoleArn": ROLE.replace("SageMakerRole", other_role)},
        {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
    ):
        assert cached(aws, ran(aws, seconds=0, **changes)) == "None", changes
    assert warm(aws, first)["Status"] == "Available"


def test_it_ends_on_the_clock(aws: JobFixtures) -> None:
    name = ran(aws)
    [held] = [each for each in aws.handle.running() if each["resource"] == f"training-job/{name}"]
    assert (held["instance_type"], held["count"], held["status"]) == ("ml.m5.large", 1, "Completed")
    aws.handle.advance(601)
    assert warm(aws, name) == {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 600}
    assert f"training-job/{name}" not in [each["resource"] for each in aws.handle.running()]
    assert cached(aws, ran(aws, seconds=0)) == "None"
    assert list((aws.handle.state / "warm-pools").iterdir()) == []


def test_listed_by_status(aws: JobFixtures) -> None:
    name = ran(aws)

    def listed(status: str) -> list[str]:
        return [job["TrainingJobName"] for job in aws.sagemaker.list_training_jobs(WarmPoolStatusEquals=status)["TrainingJobSummaries"]]

    assert name in listed("Available")
    aws.handle.advance(3600)
    assert name not in listed("Available") and name in listed("Terminated")


def test_its_time_can_be_changed_while_it_is_available(aws: JobFixtures) -> None:
    name = ran(aws)
    update = aws.sagemaker.update_training_job
    update(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 1200})
    aws.handle.advance(900)
    job = aws.sagemaker.describe_training_job(TrainingJobName=name)
    assert job["WarmPoolStatus"]["Status"] == "Available" and job["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 1200
    update(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    assert warm(aws, name)["Status"] == "Terminated"
    code, message = refused(update, TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 60})
    assert code == "ValidationException" and "not Available" in message


def test_pools_that_aws_would_not_make(aws: JobFixtures) -> None:
    spot = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}}
    code, message = refused(aws.script, "pass", ResourceConfig=resources(60), **spot)
    assert code == "ValidationException" and "Spot" in message
    code, message = refused(aws.script, "pass", ResourceConfig=resources(3601))
    assert code == "ValidationException" and "3600" in message
