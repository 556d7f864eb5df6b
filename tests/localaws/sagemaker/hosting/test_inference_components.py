"""Inference components: models that share the instances of an endpoint, by boto3 against a real local AWS."""

from __future__ import annotations

import threading

import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
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
def world(client):
    world = ComponentFixtures(client)
    yield world
    world.close()


@pytest.fixture(scope="module")
def model(world):
    return world.model(echo("a"), SKLEARN)


@pytest.fixture(scope="module")
def shared(world):
    """An endpoint that hosts the small components of several tests."""
    return world.host(2)


def test_components_are_created_described_listed_called_and_deleted(world):
    endpoint = world.host(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2})
    [variant] = world.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
    first, second = world.served(endpoint, "first", copies=2), world.served(endpoint, "second")

    described = world.sagemaker.describe_inference_component(InferenceComponentName=first)
    assert described["InferenceComponentArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:inference-component/{first}"
    assert (described["EndpointName"], described["VariantName"]) == (endpoint, "AllTraffic")
    assert described["EndpointArn"].endswith(f"endpoint/{endpoint}")
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert described["Specification"]["ComputeResourceRequirements"] == {"MinMemoryRequiredInMb": 1024}
    listed = world.sagemaker.list_inference_components(EndpointNameEquals=endpoint, StatusEquals="InService", SortBy="Name")
    assert {item["InferenceComponentName"] for item in listed["InferenceComponents"]} == {first, second}
    assert not world.sagemaker.list_inference_components(EndpointNameEquals=endpoint, VariantNameEquals="other")["InferenceComponents"]

    assert (world.ask(endpoint, first), world.ask(endpoint, second)) == ("first", "second")
    answer = world.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, InferenceComponentName=second, Body=b"1")
    assert b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"]) == b"second"
    group = f"/aws/sagemaker/InferenceComponents/{first}"
    streams = until(lambda: world.logs.describe_log_streams(logGroupName=group)["logStreams"], "the copies write their logs")
    assert all(stream["logStreamName"].startswith("AllTraffic/i-") for stream in streams)

    with pytest.raises(ClientError, match="delete its inference components first"):
        world.sagemaker.delete_endpoint(EndpointName=endpoint)
    for component in (first, second):
        world.remove(component)
    with pytest.raises(ClientError, match=f"Inference component {first} of account 123456789012 not found"):
        world.ask(endpoint, first)
    world.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_component_of_a_container_has_the_role_of_its_endpoint(world, shared):
    code = "import os\ndef model_fn(d): return 0\ndef transform_fn(m, data, c, a): return os.environ['COLOUR'], 'text/plain'"
    world.s3.put_object(Bucket=world.bucket, Key="colour.tar.gz", Body=archive(script(code)))
    variables = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code", "COLOUR": "green"}
    container = {"Image": SKLEARN, "ArtifactUrl": f"s3://{world.bucket}/colour.tar.gz", "Environment": variables}
    name = world.name("component")
    startup = {"ContainerStartupHealthCheckTimeoutInSeconds": 120, "ModelDataDownloadTimeoutInSeconds": 60}
    world.sagemaker.create_inference_component(
        InferenceComponentName=name,
        EndpointName=shared,
        VariantName="AllTraffic",
        Specification={"Container": container, "StartupParameters": startup, "ComputeResourceRequirements": needs(512, 0.25)},
        RuntimeConfig={"CopyCount": 1},
        Tags=[{"Key": "team", "Value": "delays"}],
    )
    described = world.component_settled(name)
    shown = described["Specification"]["Container"]
    assert (shown["DeployedImage"]["SpecifiedImage"], shown["Environment"]["COLOUR"]) == (SKLEARN, "green")
    assert described["Specification"]["StartupParameters"] == startup
    assert world.ask(shared, name) == "green"
    assert world.sagemaker.list_tags(ResourceArn=described["InferenceComponentArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]


def test_the_name_of_a_component_is_for_endpoints_that_host_components(world, shared):
    plain = world.deploy(echo("plain"), SKLEARN)
    other = world.served(world.host(), "other")
    for endpoint, more, words in (
        (shared, {}, "Inference Component Name header is required for endpoints to which you plan to deploy inference components."),
        (plain, {"InferenceComponentName": other}, "Inference Component Name header is not allowed for endpoints"),
        (shared, {"InferenceComponentName": other}, f"Inference component {other} is not hosted by endpoint {shared}."),
        (shared, {"InferenceComponentName": "none"}, "Inference component none of account 123456789012 not found."),
    ):
        with pytest.raises(ClientError) as error:
            world.invoke(endpoint, **more)
        assert (refusal(error)[0], words in refusal(error)[1]) == ("ValidationError", True), refusal(error)


def test_copies_are_placed_by_what_they_ask_for(world, model):
    endpoint = world.host(2)
    large = world.served(endpoint, copies=2, memory=MEMORY - 1024)  # one on each instance
    [too_much, cores, gpu] = [
        world.component(endpoint, model, **more)
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
        described = world.component_settled(name)
        assert described["InferenceComponentStatus"] == "Failed"
        assert words in described["FailureReason"]
        assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 0}
    with pytest.raises(ClientError, match="status Failed; delete it"):
        world.scale(gpu, 2)

    described = world.scale(large, 3)  # goes on as before
    assert (described["InferenceComponentStatus"], described["RuntimeConfig"]["DesiredCopyCount"]) == ("InService", 2)
    assert "No instance of variant AllTraffic has enough free resources" in described["FailureReason"]
    with pytest.raises(ClientError, match="needs at least 2 instances for the copies"):
        world.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]
        )
    assert "FailureReason" not in world.scale(large, 1)
    assert world.component_settled(world.component(endpoint, model, memory=2048))["InferenceComponentStatus"] == "InService"


def test_copies_spread_over_instances_or_are_packed_on_as_few_as_hold_them(world, model):
    endpoint = world.host(2)
    for strategy, whole_instance in ((None, "Failed"), ("SPREAD", "Failed"), ("BINPACK", "InService")):
        scheduling = {"SchedulingConfig": {"PlacementStrategy": strategy}} if strategy else {}
        pair = world.component(endpoint, model, copies=2, memory=1024, **scheduling)
        assert world.component_settled(pair)["InferenceComponentStatus"] == "InService"
        whole = world.component(endpoint, model, memory=MEMORY)  # fits only on an instance without copies
        assert world.component_settled(whole)["InferenceComponentStatus"] == whole_instance, strategy
        for name in (pair, whole):
            world.remove(name)


def test_a_copy_may_not_take_more_than_its_maximum_of_memory(world, shared):
    greedy = world.model(script(GREEDY), SKLEARN)
    free = world.component(shared, greedy, memory=128)
    bounded = world.component(shared, greedy, ComputeResourceRequirements=needs(128, most=1024))
    for name in (free, bounded):
        assert world.component_settled(name)["InferenceComponentStatus"] == "InService"
    assert world.ask(shared, free) == "a"
    with pytest.raises(ClientError) as error:
        world.invoke(shared, "wait", InferenceComponentName=bounded)
    assert refusal(error)[0] == "ModelError"
    until(lambda: "memory" in world.log(bounded, "InferenceComponents"), "the log says why")
    assert "memory" not in world.log(free, "InferenceComponents")
    for name in (free, bounded):
        world.remove(name)


def test_managed_instances_come_and_go_with_the_copies(world, model):
    endpoint = world.host(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2})
    name = world.served(endpoint, memory=MEMORY)
    assert world.instances(endpoint) == 1
    assert world.scale(name, 2)["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert world.instances(endpoint) == 2
    assert "(2 of ml.m5.large)" in world.scale(name, 3)["FailureReason"]
    world.scale(name, 0)
    until(lambda: world.instances(endpoint) == 0, "the instances are gone")


def test_to_zero_copies_and_back(world, shared):
    name = world.served(shared)
    assert world.scale(name, 0)["RuntimeConfig"] == {"DesiredCopyCount": 0, "CurrentCopyCount": 0}
    with pytest.raises(ClientError) as error:
        world.ask(shared, name)
    assert refusal(error)[0] == "ValidationError"
    assert refusal(error)[1].startswith("Inference Component has no capacity to process this request.")
    world.scale(name, 1)
    assert world.ask(shared, name) == "a"


def test_an_update_loses_no_request(world, shared):
    name, answers, ended = world.served(shared, "old"), [], threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answers.append(world.ask(shared, name))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        until(lambda: "old" in answers, "the old copies answer")
        specification = {"ModelName": world.model(echo("new"), SKLEARN), "ComputeResourceRequirements": needs(512)}
        world.sagemaker.update_inference_component(InferenceComponentName=name, Specification=specification)
        described = world.component_settled(name)
        assert (described["InferenceComponentStatus"], described["Specification"]) == ("InService", specification)
        assert world.ask(shared, name) == "new"
        until(lambda: answers[-1] == "new", "the new copies answer")
        assert thread.is_alive()  # no request has failed
    finally:
        ended.set()
        thread.join()
    first_new = answers.index("new")
    assert set(answers[first_new:]) == {"new"} and set(answers[:first_new]) == {"old"}


def test_an_update_that_fails_leaves_the_component_as_it_was(world, shared):
    name = world.served(shared, "old")
    broken = {"ModelName": world.model(script("raise RuntimeError"), SKLEARN), "ComputeResourceRequirements": needs(512)}
    world.sagemaker.update_inference_component(InferenceComponentName=name, Specification=broken, RuntimeConfig={"CopyCount": 2})
    described = world.component_settled(name)
    assert described["InferenceComponentStatus"] == "InService"
    assert "did not pass the ping health check" in described["FailureReason"]
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    assert world.ask(shared, name) == "old"


def test_metrics_have_the_component_as_their_dimension(world, shared):
    name = world.served(shared, copies=2)
    for _ in range(4):
        world.ask(shared, name)
    dimensions = [{"Name": "InferenceComponentName", "Value": name}]
    found = {item["MetricName"] for item in world.cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"]}
    assert {"Invocations", "InvocationsPerCopy", "ModelLatency", "OverheadLatency"} <= found
    assert "InvocationsPerInstance" not in found
    described = world.sagemaker.describe_inference_component(InferenceComponentName=name)
    begin = described["CreationTime"].replace(second=0, microsecond=0)
    period = {"StartTime": begin, "EndTime": begin.replace(year=begin.year + 1), "Period": 86_400}

    def statistic(metric: str, kind: str) -> float:
        points = world.cloudwatch.get_metric_statistics(
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
def test_components_that_are_refused(world, shared, model, changes, code, words):
    params = {
        "InferenceComponentName": world.name("refused"),
        "EndpointName": shared,
        "VariantName": "AllTraffic",
        "Specification": {"ModelName": model, "ComputeResourceRequirements": needs(512)},
        "RuntimeConfig": {"CopyCount": 1},
    } | changes
    with pytest.raises(ClientError) as error:
        world.sagemaker.create_inference_component(**{member: value for member, value in params.items() if value is not None})
    assert (refusal(error)[0], words in refusal(error)[1]) == (code, True), refusal(error)


def test_adapters_are_checked_as_on_aws_and_refused_by_the_image_that_cannot_load_them(world, shared):
    base, other = world.served(shared), world.served(world.host())
    failed = world.component(shared, world.model(script("raise RuntimeError"), SKLEARN))
    world.component_settled(failed)
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
            world.sagemaker.create_inference_component(
                InferenceComponentName=world.name("adapter"),
                **{"EndpointName": shared} | more,
                Specification={"BaseInferenceComponentName": base} | specification,
            )
        assert (refusal(error)[0], words in refusal(error)[1]) == (code, True), refusal(error)
    assert base in {item["InferenceComponentName"] for item in world.sagemaker.list_inference_components()["InferenceComponents"]}


def test_what_does_not_exist_exists_already_or_is_not_done_here(world, shared, model):
    name = world.served(shared)
    with pytest.raises(ClientError, match="Cannot create already existing inference component"):
        world.sagemaker.create_inference_component(
            InferenceComponentName=name,
            EndpointName=shared,
            VariantName="AllTraffic",
            Specification={"ModelName": model, "ComputeResourceRequirements": needs(512)},
            RuntimeConfig={"CopyCount": 1},
        )
    for act in (world.sagemaker.describe_inference_component, world.sagemaker.delete_inference_component):
        with pytest.raises(ClientError, match="Could not find inference component"):
            act(InferenceComponentName="none")
    with pytest.raises(ClientError, match="needs a Specification or a RuntimeConfig"):
        world.sagemaker.update_inference_component(InferenceComponentName=name)
    plain = world.deploy(echo("plain"), SKLEARN)
    with pytest.raises(ClientError, match="hosts models and no inference components"):
        world.component(plain, model)
    with pytest.raises(ClientError, match="Either all variants have a ModelName, or none"):
        world.config({"ModelName": model}, {"VariantName": "host"}, ExecutionRoleArn=ROLE)


def test_a_component_keeps_its_variant_when_the_endpoint_is_updated(world):
    endpoint = world.host()
    name = world.served(endpoint)
    with pytest.raises(ClientError, match="has inference components: it must stay, on ml.m5.large"):
        config = world.config({"InstanceType": "ml.m5.xlarge"}, ExecutionRoleArn=ROLE)
        world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    config = world.config({"InitialInstanceCount": 2}, ExecutionRoleArn=ROLE)
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    assert world.settled(endpoint)["EndpointStatus"] == "InService"
    assert (world.instances(endpoint), world.ask(endpoint, name)) == (2, "a")


def test_components_come_back_after_a_kill(tmp_path):
    handle = launch.start(tmp_path / "state")
    world = fixtures_of(handle, ComponentFixtures)
    endpoint = world.host()
    name = world.served(endpoint, "old", copies=2)
    slow = world.model(script("import time\ntime.sleep(3600)"), SKLEARN)
    unfinished = world.component(endpoint, slow, memory=512)
    specification = {"ModelName": slow, "ComputeResourceRequirements": needs(512)}
    world.sagemaker.update_inference_component(InferenceComponentName=name, Specification=specification, RuntimeConfig={"CopyCount": 1})
    psutil.Process(handle.pid).kill()
    handle = launch.start(tmp_path / "state")
    try:
        world = fixtures_of(handle, ComponentFixtures)
        assert world.ask(endpoint, name) == "old"  # waits for the copies
        described = world.component_settled(name)
        assert (described["InferenceComponentStatus"], described["RuntimeConfig"]["CurrentCopyCount"]) == ("InService", 2)
        assert described["FailureReason"].startswith("The local AWS ended during the update.")
        described = world.component_settled(unfinished)
        assert described["InferenceComponentStatus"] == "Failed"
        assert described["FailureReason"].startswith("The local AWS ended while the inference component was being created.")
        world.remove(unfinished)
        world.scale(name, 1)
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


def test_components_by_the_resources_of_sdk_v3(world, local_aws, model, tmp_path):
    assert answers_of(local_aws, tmp_path, SDK, model, ROLE, world.name("sdk")) == "a 2"
