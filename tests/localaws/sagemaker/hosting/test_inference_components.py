"""Inference components: models that share the instances of an endpoint, by boto3 against a real local AWS."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.hosting.component_fixtures import MEMORY, ComponentFixtures, needs, refusal
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, answers_of, archive, echo, fixtures_of, script, until

# Uses 1.5 GiB during an answer. Answers at once, or after a minute if the request says so.
GREEDY = """
import time
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    taken = bytearray(b"1") * (3 << 29)
    time.sleep(60 if data == "wait" else 0)
    return "a", "text/plain"
"""


@pytest.fixture(scope="module")
def aws(client):
    aws = ComponentFixtures(client)
    yield aws
    aws.close()


@pytest.fixture(scope="module")
def model(aws):
    return aws.model(echo("a"), SKLEARN)


@pytest.fixture(scope="module")
def shared(aws):
    """An endpoint that hosts the small components of several tests."""
    return aws.host(2)


def test_components_are_created_described_listed_called_and_deleted(aws):
    endpoint = aws.host(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2})
    [variant] = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
    first, second = aws.served(endpoint, "first", copies=2), aws.served(endpoint, "second")

    described = aws.sagemaker.describe_inference_component(InferenceComponentName=first)
    assert described["InferenceComponentArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:inference-component/{first}"
    assert (described["EndpointName"], described["VariantName"]) == (endpoint, "AllTraffic")
    assert described["EndpointArn"].endswith(f"endpoint/{endpoint}")
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert described["Specification"]["ComputeResourceRequirements"] == {"MinMemoryRequiredInMb": 1024}
    listed = aws.sagemaker.list_inference_components(EndpointNameEquals=endpoint, StatusEquals="InService", SortBy="Name")
    assert {item["InferenceComponentName"] for item in listed["InferenceComponents"]} == {first, second}
    assert not aws.sagemaker.list_inference_components(EndpointNameEquals=endpoint, VariantNameEquals="other")["InferenceComponents"]

    assert (aws.ask(endpoint, first), aws.ask(endpoint, second)) == ("first", "second")
    answer = aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, InferenceComponentName=second, Body=b"1")
    assert b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"]) == b"second"
    group = f"/aws/sagemaker/InferenceComponents/{first}"
    streams = until(lambda: aws.logs.describe_log_streams(logGroupName=group)["logStreams"], "the copies write their logs")
    assert all(stream["logStreamName"].startswith("AllTraffic/i-") for stream in streams)
    hosted = {"Filters": [{"Name": "Endpoints.EndpointName", "Operator": "Equals", "Value": endpoint}]}
    found = aws.sagemaker.search(Resource="Model", SearchExpression=hosted)["Results"]
    models = {result["Model"]["Model"]["ModelName"] for result in found}
    assert described["Specification"]["ModelName"] in models and len(models) == 2

    with pytest.raises(ClientError, match="delete its inference components first"):
        aws.sagemaker.delete_endpoint(EndpointName=endpoint)
    for component in (first, second):
        aws.remove(component)
    with pytest.raises(ClientError, match=f"Inference component {first} of account 123456789012 not found"):
        aws.ask(endpoint, first)
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_component_of_a_container_has_the_role_of_its_endpoint(aws, shared):
    code = "import os\ndef model_fn(d): return 0\ndef transform_fn(m, data, c, a): return os.environ['COLOUR'], 'text/plain'"
    aws.s3.put_object(Bucket=aws.bucket, Key="colour.tar.gz", Body=archive(script(code)))
    variables = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code", "COLOUR": "green"}
    container = {"Image": SKLEARN, "ArtifactUrl": f"s3://{aws.bucket}/colour.tar.gz", "Environment": variables}
    name = aws.name("component")
    startup = {"ContainerStartupHealthCheckTimeoutInSeconds": 120, "ModelDataDownloadTimeoutInSeconds": 60}
    aws.sagemaker.create_inference_component(
        InferenceComponentName=name,
        EndpointName=shared,
        VariantName="AllTraffic",
        Specification={"Container": container, "StartupParameters": startup, "ComputeResourceRequirements": needs(512, 0.25)},
        RuntimeConfig={"CopyCount": 1},
        Tags=[{"Key": "team", "Value": "delays"}],
    )
    described = aws.component_settled(name)
    shown = described["Specification"]["Container"]
    assert (shown["DeployedImage"]["SpecifiedImage"], shown["Environment"]["COLOUR"]) == (SKLEARN, "green")
    assert described["Specification"]["StartupParameters"] == startup
    assert aws.ask(shared, name) == "green"
    assert aws.sagemaker.list_tags(ResourceArn=described["InferenceComponentArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]


def test_the_name_of_a_component_is_for_endpoints_that_host_components(aws, shared):
    plain = aws.deploy(echo("plain"), SKLEARN)
    other = aws.served(aws.host(), "other")
    for endpoint, more, words in (
        (shared, {}, "Inference Component Name header is required for endpoints to which you plan to deploy inference components."),
        (plain, {"InferenceComponentName": other}, "Inference Component Name header is not allowed for endpoints"),
        (shared, {"InferenceComponentName": other}, f"Inference component {other} is not hosted by endpoint {shared}."),
        (shared, {"InferenceComponentName": "none"}, "Inference component none of account 123456789012 not found."),
    ):
        with pytest.raises(ClientError) as error:
            aws.invoke(endpoint, **more)
        assert (refusal(error)[0], words in refusal(error)[1]) == ("ValidationError", True), refusal(error)


def test_copies_are_placed_by_what_they_ask_for(aws, model):
    endpoint = aws.host(2)
    large = aws.served(endpoint, copies=2, memory=MEMORY - 1024)  # one on each instance
    [too_much, cores, gpu] = [
        aws.component(endpoint, model, **more)
        for more in (
            {"memory": 2048},
            {"ComputeResourceRequirements": needs(128, cores=3)},
            {"ComputeResourceRequirements": needs(128, accelerators=1)},
        )
    ]
    for name, words in (
        (too_much, "A copy requires 2048 MB of memory, 0 CPU cores and 0 accelerators"),
        (cores, "each of the variant's instances (2 of ml.m5.large) has 8192 MB of memory, 2 CPU cores and 0 accelerators"),
        (gpu, "128 MB of memory, 0 CPU cores and 1 accelerators"),
    ):
        described = aws.component_settled(name)
        assert described["InferenceComponentStatus"] == "Failed"
        assert words in described["FailureReason"]
        assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 0}
    with pytest.raises(ClientError, match="status Failed; delete it"):
        aws.scale(gpu, 2)

    described = aws.scale(large, 3)  # goes on as before
    assert (described["InferenceComponentStatus"], described["RuntimeConfig"]["DesiredCopyCount"]) == ("InService", 2)
    assert "No instance of variant AllTraffic has enough free resources" in described["FailureReason"]
    with pytest.raises(ClientError, match="needs at least 2 instances for the copies"):
        aws.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]
        )
    assert "FailureReason" not in aws.scale(large, 1)
    assert aws.component_settled(aws.component(endpoint, model, memory=2048))["InferenceComponentStatus"] == "InService"


def test_copies_spread_over_instances_or_are_packed_on_as_few_as_hold_them(aws, model):
    endpoint = aws.host(2)
    for strategy, whole_instance in ((None, "Failed"), ("SPREAD", "Failed"), ("BINPACK", "InService")):
        scheduling = {"SchedulingConfig": {"PlacementStrategy": strategy}} if strategy else {}
        pair = aws.component(endpoint, model, copies=2, memory=1024, **scheduling)
        assert aws.component_settled(pair)["InferenceComponentStatus"] == "InService"
        whole = aws.component(endpoint, model, memory=MEMORY)  # fits only on an instance without copies
        assert aws.component_settled(whole)["InferenceComponentStatus"] == whole_instance, strategy
        for name in (pair, whole):
            aws.remove(name)


@pytest.mark.nightly  # the limit of a box by day in tests/sandbox
def test_a_copy_may_not_take_more_than_its_maximum_of_memory(aws, shared):
    greedy = aws.model(script(GREEDY), SKLEARN)
    free = aws.component(shared, greedy, memory=128)
    bounded = aws.component(shared, greedy, ComputeResourceRequirements=needs(128, most=1024))
    for name in (free, bounded):
        assert aws.component_settled(name)["InferenceComponentStatus"] == "InService"
    assert aws.ask(shared, free) == "a"
    with pytest.raises(ClientError) as error:
        aws.invoke(shared, "wait", InferenceComponentName=bounded)
    assert refusal(error)[0] == "ModelError"
    until(lambda: "memory" in aws.log(bounded, "InferenceComponents"), "the log says why")
    assert "memory" not in aws.log(free, "InferenceComponents")
    for name in (free, bounded):
        aws.remove(name)


def test_managed_instances_come_and_go_with_the_copies(aws, model):
    endpoint = aws.host(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2})
    name = aws.served(endpoint, memory=MEMORY)
    assert aws.instances(endpoint) == 1
    assert aws.scale(name, 2)["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert aws.instances(endpoint) == 2
    assert "(2 of ml.m5.large)" in aws.scale(name, 3)["FailureReason"]
    aws.scale(name, 0)
    until(lambda: aws.instances(endpoint) == 0, "the instances are gone")


def test_to_zero_copies_and_back(aws, shared):
    name = aws.served(shared)
    assert aws.scale(name, 0)["RuntimeConfig"] == {"DesiredCopyCount": 0, "CurrentCopyCount": 0}
    with pytest.raises(ClientError) as error:
        aws.ask(shared, name)
    assert refusal(error)[0] == "ValidationError"
    assert refusal(error)[1].startswith("Inference Component has no capacity to process this request.")
    aws.scale(name, 1)
    assert aws.ask(shared, name) == "a"


def test_an_update_loses_no_request(aws, shared):
    name, answers, ended = aws.served(shared, "old"), [], threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answers.append(aws.ask(shared, name))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        until(lambda: "old" in answers, "the old copies answer")
        specification = {"ModelName": aws.model(echo("new"), SKLEARN), "ComputeResourceRequirements": needs(512)}
        aws.sagemaker.update_inference_component(InferenceComponentName=name, Specification=specification)
        described = aws.component_settled(name)
        assert (described["InferenceComponentStatus"], described["Specification"]) == ("InService", specification)
        assert aws.ask(shared, name) == "new"
        until(lambda: answers[-1] == "new", "the new copies answer")
        assert thread.is_alive()  # no request has failed
    finally:
        ended.set()
        thread.join()
    first_new = answers.index("new")
    assert set(answers[first_new:]) == {"new"} and set(answers[:first_new]) == {"old"}


def test_an_update_that_fails_leaves_the_component_as_it_was(aws, shared):
    name = aws.served(shared, "old")
    broken = {"ModelName": aws.model(script("raise RuntimeError"), SKLEARN), "ComputeResourceRequirements": needs(512)}
    aws.sagemaker.update_inference_component(InferenceComponentName=name, Specification=broken, RuntimeConfig={"CopyCount": 2})
    described = aws.component_settled(name)
    assert described["InferenceComponentStatus"] == "InService"
    assert "did not pass the ping health check" in described["FailureReason"]
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    assert aws.ask(shared, name) == "old"


def test_metrics_have_the_component_as_their_dimension(aws, shared):
    name = aws.served(shared, copies=2)
    for _ in range(4):
        aws.ask(shared, name)
    dimensions = [{"Name": "InferenceComponentName", "Value": name}]
    found = {item["MetricName"] for item in aws.cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"]}
    assert {"Invocations", "InvocationsPerCopy", "ModelLatency", "OverheadLatency"} <= found
    assert "InvocationsPerInstance" not in found
    described = aws.sagemaker.describe_inference_component(InferenceComponentName=name)
    begin = described["CreationTime"].replace(second=0, microsecond=0)
    period = {"StartTime": begin, "EndTime": begin.replace(year=begin.year + 1), "Period": 86_400}

    def statistic(metric: str, kind: str) -> float:
        points = aws.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName=metric, Dimensions=dimensions, Statistics=[kind], **period
        )["Datapoints"]
        return sum(point[kind] for point in points)

    assert (statistic("Invocations", "Sum"), statistic("InvocationsPerCopy", "Sum")) == (4, 2)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"RuntimeConfig": {"CopyCount": 0}}, "ValidationException", "copy count an integer larger than 0"),
        ({"RuntimeConfig": None}, "ValidationException", "copy count an integer larger than 0"),
        ({"Specification": None}, "ValidationException", "needs a Specification"),
        ({"Specification": {"ModelName": "m"}}, "ValidationException", "needs ComputeResourceRequirements"),
        ({"Specification": {"ComputeResourceRequirements": needs(512)}}, "ValidationException", "either a ModelName or a Container"),
        ({"Specification": {"ModelName": "no-model", "ComputeResourceRequirements": needs(512)}}, "ValidationException", "no-model"),
        (
            {"Specification": {"ModelName": "m", "ComputeResourceRequirements": needs(512, most=256)}},
            "ValidationException",
            "MaxMemoryRequiredInMb must not be less",
        ),
        ({"EndpointName": "no-endpoint"}, "ValidationException", 'Could not find endpoint "'),
        ({"VariantName": "none"}, "ValidationException", 'Could not find variant "none"'),
        ({"VariantName": None}, "ValidationException", "VariantName is required"),
        ({"Specifications": [{"ModelName": "m"}]}, "NotSupportedByLocalAws", "with Specifications"),
    ],
)
def test_components_that_are_refused(aws, shared, model, changes, code, words):
    params = {
        "InferenceComponentName": aws.name("refused"),
        "EndpointName": shared,
        "VariantName": "AllTraffic",
        "Specification": {"ModelName": model, "ComputeResourceRequirements": needs(512)},
        "RuntimeConfig": {"CopyCount": 1},
    } | changes
    with pytest.raises(ClientError) as error:
        aws.sagemaker.create_inference_component(**{member: value for member, value in params.items() if value is not None})
    assert (refusal(error)[0], words in refusal(error)[1]) == (code, True), refusal(error)


def test_adapters_are_checked_as_on_aws_and_refused_by_the_image_that_cannot_load_them(aws, shared):
    base, other = aws.served(shared), aws.served(aws.host())
    failed = aws.component(shared, aws.model(script("raise RuntimeError"), SKLEARN))
    aws.component_settled(failed)
    adapter = {"ArtifactUrl": "s3://b/adapter.tar.gz"}
    for specification, more, code, words in (
        (
            {"Container": adapter, "ComputeResourceRequirements": needs(512)},
            {},
            "ValidationException",
            "has no ComputeResourceRequirements",
        ),
        ({}, {}, "ValidationException", "needs a Container with the ArtifactUrl"),
        ({"Container": adapter | {"Image": SKLEARN}}, {}, "ValidationException", "neither an Image nor a ModelName"),
        ({"Container": adapter, "BaseInferenceComponentName": "none"}, {}, "ValidationException", "Could not find inference component"),
        ({"Container": adapter, "BaseInferenceComponentName": other}, {}, "ValidationException", f"not on {shared}"),
        (
            {"Container": adapter, "BaseInferenceComponentName": failed},
            {},
            "ValidationException",
            "must be InService; its status is Failed",
        ),
        ({"Container": adapter}, {"VariantName": "other"}, "ValidationException", "is on variant AllTraffic"),
        ({"Container": adapter}, {"EndpointName": "none"}, "ValidationException", 'Could not find endpoint "'),
        ({"Container": adapter}, {}, "NotSupportedByLocalAws", f"an adapter for {base}, whose image {SKLEARN} loads none here"),
    ):
        with pytest.raises(ClientError) as error:
            aws.sagemaker.create_inference_component(
                InferenceComponentName=aws.name("adapter"),
                **{"EndpointName": shared} | more,
                Specification={"BaseInferenceComponentName": base} | specification,
            )
        assert (refusal(error)[0], words in refusal(error)[1]) == (code, True), refusal(error)
    assert base in {item["InferenceComponentName"] for item in aws.sagemaker.list_inference_components()["InferenceComponents"]}


def test_missing_existing_and_unsupported_resources_are_refused(aws, shared, model):
    name = aws.served(shared)
    with pytest.raises(ClientError, match="Cannot create already existing inference component"):
        aws.sagemaker.create_inference_component(
            InferenceComponentName=name,
            EndpointName=shared,
            VariantName="AllTraffic",
            Specification={"ModelName": model, "ComputeResourceRequirements": needs(512)},
            RuntimeConfig={"CopyCount": 1},
        )
    for act in (aws.sagemaker.describe_inference_component, aws.sagemaker.delete_inference_component):
        with pytest.raises(ClientError, match="Could not find inference component"):
            act(InferenceComponentName="none")
    with pytest.raises(ClientError, match="needs a Specification or a RuntimeConfig"):
        aws.sagemaker.update_inference_component(InferenceComponentName=name)
    plain = aws.deploy(echo("plain"), SKLEARN)
    with pytest.raises(ClientError, match="hosts models and no inference components"):
        aws.component(plain, model)
    with pytest.raises(ClientError, match="Either all variants have a ModelName, or none"):
        aws.config({"ModelName": model}, {"VariantName": "host"}, ExecutionRoleArn=ROLE)


@pytest.mark.nightly  # an endpoint of its own
def test_a_component_keeps_its_variant_when_the_endpoint_is_updated(aws):
    endpoint = aws.host()
    name = aws.served(endpoint)
    with pytest.raises(ClientError, match="has inference components: it must stay, on ml.m5.large"):
        config = aws.config({"InstanceType": "ml.m5.xlarge"}, ExecutionRoleArn=ROLE)
        aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    config = aws.config({"InitialInstanceCount": 2}, ExecutionRoleArn=ROLE)
    aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    assert aws.settled(endpoint)["EndpointStatus"] == "InService"
    assert (aws.instances(endpoint), aws.ask(endpoint, name)) == (2, "a")


@pytest.mark.nightly  # test_runtime.py covers a kill by day
def test_components_come_back_after_a_kill(tmp_path):
    handle = launch.start(tmp_path / "state")
    aws = fixtures_of(handle, ComponentFixtures)
    endpoint = aws.host()
    name = aws.served(endpoint, "old", copies=2)
    slow = aws.model(script("import time\ntime.sleep(3600)"), SKLEARN)
    unfinished = aws.component(endpoint, slow, memory=512)
    specification = {"ModelName": slow, "ComputeResourceRequirements": needs(512)}
    aws.sagemaker.update_inference_component(InferenceComponentName=name, Specification=specification, RuntimeConfig={"CopyCount": 1})
    kill(handle.pid)
    handle = launch.start(tmp_path / "state")
    try:
        aws = fixtures_of(handle, ComponentFixtures)
        assert aws.ask(endpoint, name) == "old"  # waits for the copies
        described = aws.component_settled(name)
        assert (described["InferenceComponentStatus"], described["RuntimeConfig"]["CurrentCopyCount"]) == ("InService", 2)
        assert described["FailureReason"].startswith("The local AWS ended during the update.")
        described = aws.component_settled(unfinished)
        assert described["InferenceComponentStatus"] == "Failed"
        assert described["FailureReason"].startswith("The local AWS ended while the inference component was being created.")
        aws.remove(unfinished)
        aws.scale(name, 1)
    finally:
        handle.stop()


SDK = """
import sys
from sagemaker.core import shapes
from sagemaker.core.resources import Endpoint, EndpointConfig, InferenceComponent

model, role, name = sys.argv[1:]
variant = shapes.ProductionVariant(variant_name="AllTraffic", initial_instance_count=1, instance_type="ml.m5.large")
EndpointConfig.create(endpoint_config_name=name, production_variants=[variant], execution_role_arn=role)
endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
endpoint.wait_for_status("InService", poll=1)
requirements = shapes.InferenceComponentComputeResourceRequirements(min_memory_required_in_mb=512, number_of_cpu_cores_required=0.5)
component = InferenceComponent.create(
    inference_component_name=name,
    endpoint_name=name,
    variant_name="AllTraffic",
    specification=shapes.InferenceComponentSpecification(model_name=model, compute_resource_requirements=requirements),
    runtime_config=shapes.InferenceComponentRuntimeConfig(copy_count=1),
)
component.wait_for_status("InService", poll=1)
answer = endpoint.invoke(body="1", content_type="text/csv", inference_component_name=name).body.read().decode()
component.update_runtime_configs(desired_runtime_config=shapes.InferenceComponentRuntimeConfig(copy_count=2))
component.wait_for_status("InService", poll=1)
component.refresh()
print("ANSWERS", answer, component.runtime_config.current_copy_count)
component.delete()
component.wait_for_delete(poll=1)
endpoint.delete()
"""


@pytest.mark.nightly  # the SDK imports slowly, and the tests above cover it by day
def test_components_by_the_resources_of_sdk_v3(aws, local_aws, model, tmp_path):
    assert answers_of(local_aws, tmp_path, SDK, model, ROLE, aws.name("sdk")) == "a 2"
