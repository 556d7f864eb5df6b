"""Inference Recommender through boto3: load tests of real model servers, and the results for instance types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from course.localaws.sagemaker.recommender import load_test
from course.localaws.sagemaker.recommender import model as recommender_model
from course.localaws.sagemaker.recommender.model import LoadMeasurement
from course.localaws.sagemaker.recommender.traffic import TrafficStep, steps_of
from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, archive, script, until
from tests.localaws.sagemaker.registry.registry_fixtures import RegistryFixtures

GROUP = "/aws/sagemaker/InferenceRecommendationsJobs"
RUNNING = ("PENDING", "IN_PROGRESS", "STOPPING")
STAIRS = {"TrafficType": "STAIRS", "Stairs": {"DurationInSeconds": 120, "NumberOfSteps": 2, "UsersPerStep": 1}}
# Answers with its request after DELAY seconds, and with an error to a request that it cannot read.
SLEEPER = """
import os, time
def model_fn(folder): return None
def transform_fn(model, data, content_type, accept):
    if "bad" in str(data):
        raise ValueError("this payload is bad")
    time.sleep(float(os.environ.get("DELAY", "0")))
    return str(data), "text/plain"
"""


class Recommender(RegistryFixtures):
    def __init__(self, client) -> None:
        super().__init__(client)
        self.payload = self.put("payload.tar.gz", archive({"one.csv": b"1,2,3", "more/two.csv": b"3,2,1"}))
        self.sleeper = self.model(script(SLEEPER), SKLEARN)

    def input(self, model: str | None = None, payload: str | None = None, **members: object) -> dict:
        config = {"SamplePayloadUrl": payload or self.payload, "SupportedContentTypes": ["text/csv"]}
        return {"ModelName": model or self.sleeper, "ContainerConfig": {"PayloadConfig": config}} | members

    def start(self, given: dict, **members: object) -> str:
        name = self.name("sizing")
        request = {"JobName": name, "JobType": "Default", "RoleArn": ROLE, "InputConfig": given} | members
        self.sagemaker.create_inference_recommendations_job(**request)
        return name

    def ended(self, name: str) -> dict:
        def done() -> dict | None:
            job = self.sagemaker.describe_inference_recommendations_job(JobName=name)
            return None if job["Status"] in RUNNING else job

        return until(done, f"{name} has ended")

    def steps(self, name: str, **params: object) -> list[dict]:
        return self.sagemaker.list_inference_recommendations_job_steps(JobName=name, **params)["Steps"]

    def lines(self, stream: str) -> list[str]:
        return [event["message"] for event in self.logs.filter_log_events(logGroupName=GROUP, logStreamNames=[stream])["events"]]


@pytest.fixture(scope="module")
def recommender(client) -> Iterator[Recommender]:
    made = Recommender(client)
    yield made
    made.close()


def test_a_default_job_tests_a_registered_version_and_rates_its_instance_types(recommender: Recommender, local_aws: launch.Handle) -> None:
    types = ["ml.m5.large", "ml.c5.large", "ml.g5.xlarge", short := "ml.c5.9xlarge"]
    local_aws.shortage(short, 3600)
    arn = recommender.version(
        recommender.group(),
        InferenceSpecification=recommender.specification() | {"SupportedRealtimeInferenceInstanceTypes": types},
        SamplePayloadUrl=recommender.payload,
    )
    name = recommender.start({"ModelPackageVersionArn": arn}, JobDescription="which one?", Tags=[{"Key": "a", "Value": "b"}])
    job = recommender.ended(name)
    assert job["Status"] == "COMPLETED", job.get("FailureReason")
    assert job["JobArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:inference-recommendations-job/{name}"
    found = {each["EndpointConfiguration"]["InstanceType"]: each for each in job["InferenceRecommendations"]}
    assert set(found) == {"ml.m5.large", "ml.c5.large"}  # no accelerators
    for each in found.values():
        metrics = each["Metrics"]
        assert metrics["MaxInvocations"] > 0 and metrics["ModelLatency"] > 0 and metrics["MemoryUtilization"] > 0
        assert metrics["CostPerInference"] == pytest.approx(metrics["CostPerHour"] / 60 / metrics["MaxInvocations"])
        assert each["RecommendationId"].startswith(f"{name}/") and each["InvocationStartTime"] < each["InvocationEndTime"]
    slow, fast = (found[each]["Metrics"] for each in types[:2])
    assert (slow["CostPerHour"], fast["CostPerHour"]) == (0.115, 0.102)
    assert fast["MaxInvocations"] / slow["MaxInvocations"] == pytest.approx(3.4 / 3.1, rel=0.01)

    log = "\n".join(recommender.lines(f"{name}/execution"))
    assert "2 sample payloads" in log and "[local AWS] Measured is one model server on this machine." in log
    endpoint = job["InferenceRecommendations"][0]["EndpointConfiguration"]["EndpointName"]
    streams = recommender.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/Endpoint/")["logStreams"]
    assert f"{name}/Endpoint/{endpoint}" in [stream["logStreamName"] for stream in streams]
    served = [
        line for stream in streams for line in recommender.lines(stream["logStreamName"]) if '"POST /invocations HTTP/1.1" 200' in line
    ]
    assert len(served) > 10

    listed = recommender.sagemaker.list_inference_recommendations_jobs(ModelPackageVersionArnEquals=arn, StatusEquals="COMPLETED")
    [summary] = listed["InferenceRecommendationsJobs"]
    assert (summary["JobName"], summary["JobDescription"], summary["SamplePayloadUrl"]) == (name, "which one?", recommender.payload)
    assert [step["Status"] for step in recommender.steps(name, Status="COMPLETED", StepType="BENCHMARK")] == ["COMPLETED"] * 2
    [missing] = recommender.steps(name, Status="FAILED")
    assert missing["InferenceBenchmark"]["EndpointConfiguration"]["InstanceType"] == short
    assert "due to InsufficientInstanceCapacity error" in missing["InferenceBenchmark"]["FailureReason"]
    assert recommender.sagemaker.list_tags(ResourceArn=job["JobArn"])["Tags"] == [{"Key": "a", "Value": "b"}]


def statistics(
    recommender: Recommender, job: dict, metric: tuple[str, str], dimensions: dict[str, str], statistic: str, period: int
) -> list:
    """The values of a metric over the traffic, whose time AWS's result_analysis.py for Inference Recommender finds so."""
    wanted = {"ExtendedStatistics": [statistic]} if statistic.startswith("p") else {"Statistics": [statistic]}
    found = recommender.cloudwatch.get_metric_statistics(
        Namespace=metric[0],
        MetricName=metric[1],
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=job["CreationTime"] + timedelta(minutes=5),
        EndTime=job["LastModifiedTime"] - timedelta(minutes=6),
        Period=period,
        **wanted,
    )["Datapoints"]
    values = [point["ExtendedStatistics"][statistic] if statistic.startswith("p") else point[statistic] for point in found]
    return [value for _, value in sorted(zip((point["Timestamp"] for point in found), values, strict=True))]


@pytest.mark.nightly  # a default job by day
def test_metrics_of_each_minute_can_be_read_over_the_job_and_an_existing_endpoint_is_compared(recommender: Recommender) -> None:
    existing = recommender.create(recommender.config({"ModelName": recommender.sleeper}))
    given = recommender.input(
        TrafficPattern=STAIRS, EndpointConfigurations=[{"InstanceType": "ml.c5.large"}], Endpoints=[{"EndpointName": existing}]
    )
    assert "must be InService" in refused(recommender.start, given, JobType="Advanced", StoppingConditions={"MaxInvocations": 9})[1]
    assert recommender.settled(existing)["EndpointStatus"] == "InService"
    conditions = {"MaxInvocations": 10_000_000, "FlatInvocations": "Continue"}
    name = recommender.start(given, JobType="Advanced", StoppingConditions=conditions)
    job = recommender.ended(name)
    assert job["Status"] == "COMPLETED", job.get("FailureReason")

    [best] = job["InferenceRecommendations"]
    [compared] = job["EndpointPerformances"]
    assert compared["EndpointInfo"] == {"EndpointName": existing} and best["EndpointConfiguration"]["EndpointName"] != existing
    # The same container: only the clock of the instance types differs.
    assert best["Metrics"]["MaxInvocations"] / compared["Metrics"]["MaxInvocations"] == pytest.approx(3.4 / 3.1, rel=0.01)
    benchmarks = {step["InferenceBenchmark"]["EndpointConfiguration"]["EndpointName"]: step for step in recommender.steps(name)}
    assert benchmarks[existing]["InferenceBenchmark"]["EndpointMetrics"] == compared["Metrics"]

    assert best["InvocationEndTime"] - best["InvocationStartTime"] == timedelta(seconds=STAIRS["Stairs"]["DurationInSeconds"])
    assert job["CreationTime"] < best["InvocationStartTime"] < best["InvocationEndTime"] < job["CompletionTime"] <= job["LastModifiedTime"]
    endpoint = best["EndpointConfiguration"]
    own = {member: endpoint[member] for member in ("EndpointName", "VariantName")}
    clients = [{"JobName": name, "EndpointName": each} for each in benchmarks]
    invocations = ("AWS/SageMaker", "Invocations")
    minutes = statistics(recommender, job, invocations, own, "Sum", period=60)
    assert len(minutes) == 2
    assert best["Metrics"]["MaxInvocations"] == max(minutes)
    assert [statistics(recommender, job, (GROUP, "NumberOfUsers"), client, "Maximum", period=60) for client in clients] == [[1, 2]] * 2
    for client in clients:
        assert len(statistics(recommender, job, (GROUP, "ClientLatency"), client, "p99", period=60)) == 2
        assert set(statistics(recommender, job, (GROUP, "ClientInvocationErrors"), client, "Sum", period=60)) == {0}
    slowest = statistics(recommender, job, ("AWS/SageMaker", "ModelLatency"), own, "p95", period=60)
    assert [round(latency / 1000) for latency in slowest if round(latency / 1000) == best["Metrics"]["ModelLatency"]]
    for usage in ("CPUUtilization", "MemoryUtilization"):
        assert min(statistics(recommender, job, ("/aws/sagemaker/Endpoints", usage), own, "Maximum", period=60)) > 0


def test_models_that_were_benchmarked_are_listed_by_what_they_do(recommender: Recommender) -> None:
    def listed(**filters: str) -> list[dict]:
        asked = {"SearchExpression": {"Filters": [{"Name": name, "Value": value} for name, value in filters.items()]}} if filters else {}
        pages = recommender.sagemaker.get_paginator("list_model_metadata").paginate(**asked, PaginationConfig={"PageSize": 7})
        return [model for page in pages for model in page["ModelMetadataSummaries"]]

    models = listed()
    assert len({model["Model"] for model in models}) == len(models) == 19
    for member in ("Domain", "Task", "Framework", "FrameworkVersion"):
        for value in {model[member] for model in models}:
            assert listed(**{member: value}) == [model for model in models if model[member] == value]
    assert [model["Model"] for model in listed(Domain="MACHINE_LEARNING", Framework="XGBOOST")] == ["xgboost"]
    assert listed(Framework="xgboost") == []  # values are case-sensitive


@pytest.mark.nightly  # a default job runs by day
def test_an_advanced_job_tells_fast_environments_from_slow_ones_by_their_latency(recommender: Recommender) -> None:
    ranges = {"CategoricalParameterRanges": [{"Name": "DELAY", "Value": ["0.01", "1"]}]}
    given = recommender.input(
        TrafficPattern=STAIRS, EndpointConfigurations=[{"InstanceType": "ml.m5.large", "EnvironmentParameterRanges": ranges}]
    )
    threshold = {"Percentile": "P95", "ValueInMilliseconds": 900}
    name = recommender.start(given, JobType="Advanced", StoppingConditions={"ModelLatencyThresholds": [threshold]})
    job = recommender.ended(name)
    assert job["Status"] == "COMPLETED", job.get("FailureReason")
    [best] = job["InferenceRecommendations"]
    parameters = {each["Key"]: each["Value"] for each in best["ModelConfiguration"]["EnvironmentParameters"]}
    assert parameters == {"DELAY": "0.01", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    assert 10 <= best["Metrics"]["ModelLatency"] <= 900
    fast, slow = recommender.steps(name)
    assert (fast["Status"], slow["Status"]) == ("COMPLETED", "FAILED")
    reason = slow["InferenceBenchmark"]["FailureReason"]
    assert re.search(r"does not satisfy the model latency threshold with 1 users: P95 is \d{4}\.\d ms, not 900 ms\.", reason)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"bad.csv": b"bad"}, "status 500"),
        (b"no archive", "valid tar.gz archive"),
        ({}, "holds no file"),
    ],
)
def test_a_job_fails_by_what_the_model_or_its_payload_does(recommender: Recommender, payload: dict | bytes, words: str) -> None:
    url = recommender.put(f"{recommender.name('bad')}.tar.gz", payload if isinstance(payload, bytes) else archive(payload))
    job = recommender.ended(recommender.start(recommender.input(payload=url)))
    assert job["Status"] == "FAILED" and words in job["FailureReason"]


def test_a_model_that_does_not_start_fails_the_job(recommender: Recommender) -> None:
    torn = recommender.model({"xgboost-model": b"torn"})
    name = recommender.start(recommender.input(torn))
    job = recommender.ended(name)
    assert job["Status"] == "FAILED" and "did not pass the ping health check" in job["FailureReason"]
    assert {step["Status"] for step in recommender.steps(name)} == {"FAILED"}


def test_a_job_is_stopped_while_it_tests(recommender: Recommender, local_aws: launch.Handle) -> None:
    phase = {"InitialNumberOfUsers": 1, "SpawnRate": 0, "DurationInSeconds": 3600}
    given = recommender.input(
        TrafficPattern={"TrafficType": "PHASES", "Phases": [phase]}, EndpointConfigurations=[{"InstanceType": "ml.m5.large"}]
    )
    conditions = {"MaxInvocations": 1_000_000, "FlatInvocations": "Continue"}
    name = recommender.start(given, JobType="Advanced", StoppingConditions=conditions)
    served = {"logGroupName": GROUP, "logStreamNamePrefix": f"{name}/Endpoint/", "filterPattern": "invocations"}
    until(lambda: recommender.logs.filter_log_events(**served)["events"], "the test has begun")
    [step] = recommender.steps(name)
    assert (step["Status"], step["InferenceBenchmark"]["EndpointConfiguration"]["InstanceType"]) == ("IN_PROGRESS", "ml.m5.large")
    recommender.sagemaker.stop_inference_recommendations_job(JobName=name)
    job = recommender.ended(name)
    assert job["Status"] == "STOPPED" and "InferenceRecommendations" not in job and "FailureReason" not in job
    assert [step["Status"] for step in recommender.steps(name)] == ["STOPPED"]
    assert not list((local_aws.state / "boxes").glob("inference-recommendations-job.*"))
    code, message = refused(recommender.sagemaker.stop_inference_recommendations_job, JobName=name)
    assert code == "ValidationException" and "its status is STOPPED" in message


@pytest.mark.nightly
def test_a_job_is_lost_when_the_local_aws_is_killed(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    recommender = Recommender(client_factory(handle))
    phase = {"InitialNumberOfUsers": 1, "SpawnRate": 0, "DurationInSeconds": 3600}
    pattern = {"TrafficType": "PHASES", "Phases": [phase]}
    given = recommender.input(TrafficPattern=pattern, EndpointConfigurations=[{"InstanceType": "ml.m5.large"}])
    name = recommender.start(given, JobType="Advanced", StoppingConditions={"MaxInvocations": 1_000_000})
    process = psutil.Process(handle.pid)
    until(lambda: any(str(load_test.GENERATOR) in child.cmdline() for child in process.children()), "requests are sent")
    children = process.children(recursive=True)
    process.kill()
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children), "nothing is left running")
    again = launch.start(tmp_path / "state")
    job = client_factory(again)("sagemaker").describe_inference_recommendations_job(JobName=name)
    again.stop()
    assert (job["Status"], job["FailureReason"]) == ("FAILED", "InternalServerError: the local AWS was stopped while the job ran")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ModelName": None}, "Specify either ModelName or ModelPackageVersionArn"),
        ({"ModelName": "no-such-model"}, "Could not find model"),
        ({"ContainerConfig": {}}, "A sample payload is needed"),
        ({"JobDurationInSeconds": 18_001}, "at most 18000"),
        ({"TrafficPattern": STAIRS}, "for Advanced jobs only"),
        ({"JobType": "Advanced", "TrafficPattern": STAIRS}, "needs EndpointConfigurations and StoppingConditions"),
        ({"EndpointConfigurations": [{"InstanceType": "ml.p4d.24xlarge"}]}, "no figures of it"),
        ({"EndpointConfigurations": [{"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}]}, "ServerlessConfig"),
        ({"Endpoints": [{"EndpointName": "mine"}]}, "Could not find endpoint"),
    ],
)
def test_invalid_requests_are_refused(recommender: Recommender, change: dict, words: str) -> None:
    kind = change.pop("JobType", "Default")
    given = {member: value for member, value in (recommender.input() | change).items() if value is not None}
    code, message = refused(recommender.start, given, JobType=kind)
    assert code in ("ValidationException", "NotSupportedByLocalAws") and words in message


def test_a_second_job_with_the_same_name_is_refused(recommender: Recommender) -> None:
    url = recommender.put("empty.tar.gz", archive({}))
    name = recommender.start(recommender.input(payload=url))
    assert refused(recommender.start, recommender.input(payload=url), JobName=name)[0] == "ResourceInUse"
    recommender.ended(name)
    assert refused(recommender.sagemaker.describe_inference_recommendations_job, JobName="none")[0] == "ResourceNotFound"


def test_jobs_are_listed_by_what_is_asked_for_page_by_page(recommender: Recommender) -> None:
    model, url = recommender.model(script(SLEEPER), SKLEARN), recommender.put("none.tar.gz", archive({}))
    names = [recommender.start(recommender.input(model, url)) for _ in range(2)]
    for name in names:
        recommender.ended(name)
    listing = recommender.sagemaker.get_paginator("list_inference_recommendations_jobs")
    for sort, expected in (("Name", sorted(names)), ("CreationTime", names)):
        order = {"SortBy": sort, "SortOrder": "Ascending", "MaxResults": 1}
        pages = [page["InferenceRecommendationsJobs"] for page in listing.paginate(ModelNameEquals=model, **order)]
        assert [[job["JobName"] for job in page] for page in pages] == [[name] for name in expected]
    [[job]] = [page["InferenceRecommendationsJobs"] for page in listing.paginate(NameContains=names[1].upper())]
    assert (job["ModelName"], job["SamplePayloadUrl"], job["JobDescription"], job["Status"]) == (model, url, "", "FAILED")


# ---- the traffic and the model ------------------------------------------------------------------------------------------------------


def test_users_come_by_the_minute_in_phases_and_by_the_step_in_stairs() -> None:
    phases = [
        {"InitialNumberOfUsers": 1, "SpawnRate": 2, "DurationInSeconds": 150},
        {"InitialNumberOfUsers": 3, "SpawnRate": 0, "DurationInSeconds": 120},
    ]
    found = steps_of({"TrafficType": "PHASES", "Phases": phases})
    assert found == [TrafficStep(1, 60), TrafficStep(3, 60), TrafficStep(5, 30), TrafficStep(3, 60), TrafficStep(3, 60)]
    stairs = {"DurationInSeconds": 600, "NumberOfSteps": 5, "UsersPerStep": 2}
    assert steps_of({"TrafficType": "STAIRS", "Stairs": stairs}) == [TrafficStep(users, 120) for users in (2, 4, 6, 8, 10)]
    assert TrafficStep(2, 120).real_seconds == 2


def measured(users: float, rate: float, latency: float, cores: float = 0.5, memory: int = 1 << 28) -> LoadMeasurement:
    return LoadMeasurement(users, rate, {"P50": latency, "P95": latency, "P99": latency}, cores, memory)


SERVER = [measured(1, 50, 0.02), measured(2, 100, 0.02, 1.0), measured(4, 100, 0.04, 1.0)]


def test_an_instance_has_a_server_for_each_vcpu_and_users_spread_over_them() -> None:
    # Two users on the two servers of an ml.m5.large: each performs like the tested server with one.
    two = recommender_model.rated("ml.m5.large", SERVER, 2)
    assert two.rate == pytest.approx(2 * 50 * 60) and two.latency["P95"] == pytest.approx(20) and two.cpu == pytest.approx(50)
    # Two users on the sixteen servers of an ml.m5.4xlarge are no faster, but a faster clock is.
    assert recommender_model.rated("ml.m5.4xlarge", SERVER, 2).rate == pytest.approx(two.rate)
    fast = recommender_model.rated("ml.c5.large", SERVER, 2)
    assert fast.rate == pytest.approx(two.rate * 3.4 / 3.1) and fast.latency["P95"] == pytest.approx(20 * 3.1 / 3.4)
    # With more users than were tested, users wait for each other.
    full = recommender_model.rated("ml.m5.large", SERVER, 16)
    assert full.rate == pytest.approx(2 * 100 * 60) and full.latency["P95"] == pytest.approx(80)
    assert recommender_model.rated("ml.m5.large", SERVER, 2).memory == pytest.approx(100 * 2 * 0.25 / 8)


def test_a_stopping_condition_ends_what_an_instance_reaches() -> None:
    steps = [TrafficStep(users, 60) for users in (1, 2, 4, 8, 16)]
    best = recommender_model.best
    assert best("ml.m5.large", SERVER, steps, {}).rate == pytest.approx(2 * 100 * 60)
    assert best("ml.m5.large", SERVER, steps, {"MaxInvocations": 4000}).rate == pytest.approx(2 * 50 * 60)
    slow = {"ModelLatencyThresholds": [{"Percentile": "P99", "ValueInMilliseconds": 19}]}
    with pytest.raises(recommender_model.ConditionsNotMet, match="P99 is 20.0 ms, not 19 ms"):
        best("ml.m5.large", SERVER, steps, slow)
    huge = [measured(1, 50, 0.02, memory=9 << 30)]
    with pytest.raises(recommender_model.ConditionsNotMet, match="not have enough memory"):
        best("ml.m5.large", huge, steps, {})


def test_a_rate_that_rises_no_more_has_flattened() -> None:
    assert recommender_model.flat(SERVER) and not recommender_model.flat(SERVER[:2])
    cold = [measured(1, 90, 0.02), measured(1, 50, 0.02), measured(2, 80, 0.02)]
    assert not recommender_model.flat(cold)
