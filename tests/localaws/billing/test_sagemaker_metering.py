"""What jobs and endpoints of SageMaker cost beside their plain hours: warm pools, volumes, provisioned concurrency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from course.sandbox import box
from tests.localaws.billing.ledgers import DAY, GIGABYTE, HOUR, amounts, months
from tests.localaws.boto_clients import client_factory
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, echo, fixtures_of, script, until
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


@pytest.fixture
def endpoints(aws: RestartableAws) -> Iterator[EndpointFixtures]:
    aws.handle.reset()
    fixtures = fixtures_of(aws.handle)
    yield fixtures
    fixtures.close()


def test_the_volume_of_each_instance_of_an_endpoint_costs(endpoints):
    variant = {"ModelName": endpoints.model(echo("late"), SKLEARN), "InitialInstanceCount": 2, "VolumeSizeInGB": 40}
    name = endpoints.create(endpoints.config(variant))
    created = endpoints.settled(name)["CreationTime"].timestamp()
    now = endpoints.handle.advance(10 * DAY)
    assert amounts(endpoints.handle)["USE1-Host:VolumeUsage.gp2"] == pytest.approx(2 * 40 * months(created, now), rel=1e-3)


def test_provisioned_concurrency_costs_by_the_second(endpoints):
    variant = {"VariantName": "AllTraffic", "ModelName": endpoints.model(echo("late"), SKLEARN)}
    config, serverless = endpoints.name("config"), {"MemorySizeInMB": 2048, "MaxConcurrency": 2, "ProvisionedConcurrency": 2}
    endpoints.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant | {"ServerlessConfig": serverless}])
    name = endpoints.create(config)
    created = endpoints.settled(name)["CreationTime"].timestamp()
    endpoints.invoke(name)
    changed = endpoints.handle.advance(HOUR)
    less = [{"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"ProvisionedConcurrency": 1}}]
    endpoints.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=less)
    endpoints.settled(name)
    now = endpoints.handle.advance(HOUR)
    since = datetime.fromtimestamp(created - DAY, UTC)
    asked = {"TimePeriod": {"Start": f"{since:%Y-%m-%d}", "End": f"{since + timedelta(days=3):%Y-%m-%d}"}, "Granularity": "MONTHLY"}
    asked |= {"Metrics": ["UsageQuantity"], "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}]}
    answer = client_factory(endpoints.handle)("ce").get_cost_and_usage(**asked)
    groups = [group for month in answer["ResultsByTime"] for group in month["Groups"]]
    found = {group["Keys"][0]: float(group["Metrics"]["UsageQuantity"]["Amount"]) for group in groups}
    assert found["USE1-ProvisionedConcurrency:Usage-2GB"] == pytest.approx(2 * (changed - created) + now - changed, abs=HOUR * SLACK)
    assert found["USE1-ProvisionedConcurrency:Mem-2GB"] > 0 and "USE1-ServerlessInf:Mem-2GB" not in found
    assert "USE1-ProvisionedConcurrency:Usage-2GB" in endpoints.handle.ledger()["unpriced"]


PIECES = """
from flask import Response
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    return Response((word for word in ("a" * 1000, "b" * 500)), mimetype="text/csv")
"""
PRINTS = """
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    print("copied", flush=True)
    return "late", "text/plain"
"""


def test_a_streamed_answer_is_data_out_of_the_endpoint(endpoints):
    name = endpoints.deploy(script(PIECES), SKLEARN)
    answer = endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=b"x" * 300, ContentType="text/csv")
    assert sum(len(event["PayloadPart"]["Bytes"]) for event in answer["Body"]) == 1500
    found = amounts(endpoints.handle, name)
    assert found["USE1-Hst:Data-Bytes-In"] == pytest.approx(300 / GIGABYTE)
    assert found["USE1-Hst:Data-Bytes-Out"] == pytest.approx(1500 / GIGABYTE)


def test_the_data_of_a_shadow_costs_nothing(endpoints):
    live, dark = endpoints.model(echo("late"), SKLEARN), endpoints.model(script(PRINTS), SKLEARN)
    shadow = {"VariantName": "dark", "ModelName": dark, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    name = endpoints.create(endpoints.config({"ModelName": live}, ShadowProductionVariants=[shadow | {"InitialVariantWeight": 1}]))
    endpoints.settled(name)
    for _ in range(3):
        endpoints.invoke(name, "y" * 100)
    until(lambda: endpoints.log(name).count("copied") == 3, "the shadow has got its copies")
    assert amounts(endpoints.handle, name)["USE1-Hst:Data-Bytes-In"] == pytest.approx(300 / GIGABYTE)


def test_an_online_store_costs_what_it_holds_until_its_group_is_deleted(aws):
    aws.handle.reset()
    sagemaker, records = aws("sagemaker"), aws("sagemaker-featurestore-runtime")
    features = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at", "text")]
    sagemaker.create_feature_group(
        FeatureGroupName="flights",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=features,
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    aws.handle.advance(60)
    for number, length in ((1, 50_000), (2, 70_000), (1, 90_000)):
        values = {"id": str(number), "at": f"2026-01-01T00:00:{length // 10_000:02}Z", "text": "x" * length}
        record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        records.put_record(FeatureGroupName="flights", Record=record)
    size = sagemaker.describe_feature_group(FeatureGroupName="flights")["OnlineStoreTotalSizeBytes"]
    assert 160_000 < size < 161_000
    begin = aws.handle.advance(0)
    end = aws.handle.advance(80 * HOUR)
    sagemaker.delete_feature_group(FeatureGroupName="flights")
    aws.handle.advance(200 * HOUR)
    found = amounts(aws.handle)["USE1-FeatureStore:TimedAndPITRStorage"]
    assert found == pytest.approx(size / GIGABYTE * months(begin, end), rel=2e-3)
