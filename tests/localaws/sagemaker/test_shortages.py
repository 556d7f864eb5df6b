"""Shortages of instances on order: what needs new instances fails or waits, and what has its instances goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.server import launch
from course.localaws.server.launch import ServerError
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.hosting.component_fixtures import ComponentFixtures
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, echo
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, cluster
from tests.localaws.sagemaker.pipelines.definitions import step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

SHORT, OTHER, HOUR = "ml.m5.xlarge", "ml.m5.large", 3600
JOB_FAILED = "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
ENDPOINT_FAILED = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry"
RETRYING = ("Starting", "Insufficient capacity error from EC2 while launching instances, retrying!")
MODEL = "open('/opt/ml/model/m', 'w')"
SPOT = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 120, "MaxWaitTimeInSeconds": 2 * HOUR}}


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launch.Handle]:
    """A local AWS whose clock may be advanced."""
    handle = launch.start(tmp_path_factory.mktemp("shortages") / "state")
    yield handle
    handle.stop()


@pytest.fixture(scope="module")
def jobs(handle: launch.Handle) -> JobFixtures:
    return JobFixtures(handle, "")


@pytest.fixture
def hosting(handle: launch.Handle) -> Iterator[ComponentFixtures]:
    fixtures = ComponentFixtures(client_factory(handle), handle)
    yield fixtures
    handle.shortage(SHORT, 0)
    fixtures.close()


@pytest.fixture
def short(handle: launch.Handle) -> Iterator[None]:
    """An hour without new instances of `SHORT`."""
    handle.shortage(SHORT, HOUR)
    yield
    handle.shortage(SHORT, 0)


def on(instance_type: str, **more: object) -> dict:
    return {"ResourceConfig": cluster(1) | {"InstanceType": instance_type} | more}


def steps(job: dict) -> list[tuple[str, str]]:
    return [(each["Status"], each["StatusMessage"]) for each in job["SecondaryStatusTransitions"]]


def training(jobs: JobFixtures, name: str) -> dict:
    return jobs.sagemaker.describe_training_job(TrainingJobName=name)


def config(hosting: ComponentFixtures, answer: str, instance_type: str, count: int = 1) -> str:
    variant = {"ModelName": hosting.model(echo(answer), SKLEARN), "InstanceType": instance_type, "InitialInstanceCount": count}
    return hosting.config(variant)


# ---- jobs ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short")
def test_a_training_job_fails_is_not_billed_and_keeps_no_pool(jobs: JobFixtures) -> None:
    job = jobs.trained(jobs.script(MODEL, **on(SHORT, KeepAlivePeriodInSeconds=600)))
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", JOB_FAILED)
    assert steps(job) == [RETRYING, ("Failed", JOB_FAILED)]
    assert "TrainingStartTime" not in job and "BillableTimeInSeconds" not in job
    assert job["WarmPoolStatus"]["Status"] == "Terminated"
    groups = [{"InstanceGroupName": name, "InstanceType": kind, "InstanceCount": 1} for name, kind in (("first", OTHER), ("second", SHORT))]
    mixed = jobs.trained(jobs.script(MODEL, ResourceConfig={"InstanceGroups": groups, "VolumeSizeInGB": 5}))
    assert mixed["FailureReason"] == JOB_FAILED
    assert jobs.trained(jobs.script(MODEL, **on(OTHER)))["TrainingJobStatus"] == "Completed"


def test_a_matching_warm_pool_has_the_instances(jobs: JobFixtures) -> None:
    first = jobs.trained(jobs.script(MODEL, **on(SHORT, KeepAlivePeriodInSeconds=600)))["TrainingJobName"]
    jobs.handle.shortage(SHORT, HOUR)
    second = jobs.trained(jobs.script(MODEL, **on(SHORT)))
    assert second["TrainingJobStatus"] == "Completed", second.get("FailureReason")
    assert training(jobs, first)["WarmPoolStatus"]["ReusedByJob"] == second["TrainingJobName"]
    assert jobs.trained(jobs.script(MODEL, **on(SHORT)))["FailureReason"] == JOB_FAILED
    jobs.handle.shortage(SHORT, 0)
    assert jobs.trained(jobs.script(MODEL, **on(SHORT)))["TrainingJobStatus"] == "Completed"


@pytest.mark.usefixtures("short")
def test_a_spot_job_waits_on_the_clock(jobs: JobFixtures) -> None:
    name = jobs.script(MODEL, **on(SHORT), **SPOT)
    jobs.until(lambda: steps(training(jobs, name)) == [RETRYING])
    jobs.handle.advance(HOUR)
    job = jobs.trained(name)
    assert job["TrainingJobStatus"] == "Completed" and steps(job)[0] == RETRYING
    assert (job["TrainingStartTime"] - job["CreationTime"]).total_seconds() > HOUR - 60 and job["TrainingTimeInSeconds"] < 600


def test_a_spot_job_waits_no_longer_than_it_may(jobs: JobFixtures) -> None:
    jobs.handle.shortage(SHORT, 3 * HOUR)
    name = jobs.script(MODEL, **on(SHORT), **SPOT)
    jobs.until(lambda: steps(training(jobs, name)) == [RETRYING])
    jobs.handle.advance(2 * HOUR)
    job = jobs.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert "FailureReason" not in job and "BillableTimeInSeconds" not in job
    name = jobs.script(MODEL, **on(SHORT), **SPOT)
    jobs.until(lambda: steps(training(jobs, name)) == [RETRYING])
    jobs.handle.shortage(SHORT, 0)
    assert jobs.trained(name)["TrainingJobStatus"] == "Completed"


@pytest.mark.usefixtures("short")
def test_an_interrupted_spot_job_finds_no_new_instance(jobs: JobFixtures) -> None:
    jobs.handle.shortage(SHORT, 0)
    name = jobs.script("import time; time.sleep(1); " + MODEL, **on(SHORT), **SPOT)
    jobs.until(lambda: training(jobs, name)["SecondaryStatus"] == "Training")
    jobs.handle.shortage(SHORT, HOUR)
    jobs.handle.interrupt(name)
    job = jobs.until(lambda: training(jobs, name), lambda job: steps(job)[-1] == RETRYING)
    assert [status for status, _ in steps(job)] == ["Starting", "Downloading", "Training", "Interrupted", "Starting"]
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    assert jobs.trained(name)["SecondaryStatus"] == "Stopped"


@pytest.mark.usefixtures("short")
def test_processing_and_transform_jobs_fail(jobs: JobFixtures, hosting: ComponentFixtures) -> None:
    resources = {"ClusterConfig": {"InstanceType": SHORT, "InstanceCount": 1, "VolumeSizeInGB": 5}}
    processing = jobs.processed(jobs.process("print(1)", ProcessingResources=resources))
    assert (processing["ProcessingJobStatus"], processing["FailureReason"]) == ("Failed", JOB_FAILED)
    assert "ProcessingStartTime" not in processing
    source, name = jobs.put("shortage/rows.csv", "1,2,3\n"), jobs.name("transform")
    jobs.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=hosting.model(echo("a"), SKLEARN),
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}}, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/shortage-out"},
        TransformResources={"InstanceType": SHORT, "InstanceCount": 1},
    )
    transform = jobs.until(
        lambda: jobs.sagemaker.describe_transform_job(TransformJobName=name), lambda job: job["TransformJobStatus"] != "InProgress"
    )
    assert (transform["TransformJobStatus"], transform["FailureReason"]) == ("Failed", JOB_FAILED)
    assert "TransformStartTime" not in transform and not jobs.keys("shortage-out")


def test_a_pipelines_step_is_tried_again_by_its_policy(jobs: JobFixtures) -> None:
    pipelines = Pipelines(client_factory(jobs.handle))
    arguments = {
        "RoleArn": "arn:aws:iam::123456789012:role/SageMakerRole",
        "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["/bin/true"]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": SHORT, "InstanceCount": 1, "VolumeSizeInGB": 5}},
    }
    policy = [{"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": HOUR, "BackoffRate": 1, "MaxAttempts": 2}]
    jobs.handle.shortage(SHORT, HOUR / 2)
    arn = pipelines.start(step("short", "Processing", arguments, RetryPolicies=policy))
    final = pipelines.failed(step("short", "Processing", arguments))["short"]
    assert final["FailureReason"].startswith(JOB_FAILED) and "SAGEMAKER_CAPACITY_ERROR" in final["FailureReason"]
    pipelines.until(lambda: pipelines.steps(arn).get("short", {}).get("AttemptCount"), lambda count: count == 1)
    pipelines.until(lambda: jobs.handle.advance(600) and pipelines.steps(arn)["short"], lambda found: found["StepStatus"] == "Succeeded")
    assert pipelines.steps(arn)["short"]["AttemptCount"] == 2 and pipelines.ended(arn) == "Succeeded"


# ---- endpoints ----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short")
def test_an_endpoint_fails_and_a_serverless_one_needs_no_instances(hosting: ComponentFixtures) -> None:
    failed = hosting.settled(hosting.create(config(hosting, "a", SHORT)))
    assert failed["EndpointStatus"] == "Failed" and failed["FailureReason"].startswith(ENDPOINT_FAILED)
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    variant = {"VariantName": "AllTraffic", "ModelName": hosting.model(echo("a"), SKLEARN), "ServerlessConfig": serverless}
    name = hosting.name("serverless")
    hosting.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    assert hosting.settled(endpoint := hosting.create(name))["EndpointStatus"] == "InService"
    assert hosting.invoke(endpoint) == "a"


def test_an_endpoint_in_service_goes_on_as_before(hosting: ComponentFixtures) -> None:
    name = hosting.create(first := config(hosting, "a", SHORT))
    assert hosting.settled(name)["EndpointStatus"] == "InService"
    hosting.handle.shortage(SHORT, HOUR)
    hosting.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config(hosting, "b", SHORT))
    kept = hosting.settled(name)
    assert (kept["EndpointStatus"], kept["EndpointConfigName"]) == ("InService", first) and kept["FailureReason"].startswith(
        ENDPOINT_FAILED
    )
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    )
    kept = hosting.settled(name)
    assert kept["FailureReason"].startswith(ENDPOINT_FAILED) and kept["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert hosting.invoke(name) == "a"
    hosting.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config(hosting, "b", OTHER))
    assert "FailureReason" not in hosting.settled(name) and hosting.invoke(name) == "b"


def test_a_managed_variant_grows_no_further(hosting: ComponentFixtures) -> None:
    scaling = {"ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3}}
    endpoint = hosting.host(InstanceType=SHORT, **scaling)
    component = hosting.served(endpoint, memory=9000)
    hosting.handle.shortage(SHORT, HOUR)
    grown = hosting.scale(component, 2)
    assert grown["FailureReason"].startswith(ENDPOINT_FAILED) and hosting.instances(endpoint) == 1
    assert hosting.ask(endpoint, component) == "a"
    hosting.handle.shortage(SHORT, 0)
    assert "FailureReason" not in hosting.scale(component, 2) and hosting.instances(endpoint) == 2


# ---- orders -------------------------------------------------------------------------------------------------------------------


def test_impossible_orders_are_refused(handle: launch.Handle, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="'m5.large' is no instance type of SageMaker"):
        handle.shortage("m5.large", 60)
    for seconds in (-1, float("inf")):
        with pytest.raises(ServerError, match="a number of seconds from 0"):
            handle.shortage(SHORT, seconds)
    with pytest.raises(ServerError, match="not for guests"):
        handle.invite(tmp_path / "guest").shortage(SHORT, 60)
