"""Real-time endpoints: life cycle, failures, and updates under load, by boto3 against a real local AWS."""

from __future__ import annotations

import io
import sys
import tarfile
import threading
from pathlib import Path

import pytest
import xgboost
from botocore.exceptions import ClientError

from course.localaws.jobs import container_paths
from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import (
    LIMIT,
    ROLE,
    ROWS,
    SKLEARN,
    XGBOOST,
    EndpointFixtures,
    archive,
    booster,
    booster_file,
    echo,
    fixtures_of,
    script,
    until,
)

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def aws(client):
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


def message(error: pytest.ExceptionInfo) -> str:
    return error.value.response["Error"]["Message"]


def test_an_endpoint_is_created_described_listed_used_and_deleted(aws):
    name = aws.create(aws.config({"ModelName": aws.model(booster_file())}))
    assert aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] in ("Creating", "InService")
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointArn"] == f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}"
    [variant] = described["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentWeight"], variant["DesiredWeight"]) == ("AllTraffic", 1.0, 1.0)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert variant["DeployedImages"][0]["SpecifiedImage"] == XGBOOST
    assert "VariantStatus" not in variant and "DataCaptureConfig" not in described and "FailureReason" not in described

    [listed] = aws.sagemaker.list_endpoints(NameContains=name, StatusEquals="InService")["Endpoints"]
    assert listed["EndpointName"] == name

    row = ",".join(map(str, ROWS[0]))
    assert float(aws.invoke(name, row)) == pytest.approx(float(booster().predict(xgboost.DMatrix(ROWS[:1]))[0]))
    until(lambda: '"POST /invocations HTTP/1.1" 200' in aws.log(name), "the invocation is in the log")
    [stream] = aws.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["logStreams"]
    assert stream["logStreamName"].startswith("AllTraffic/i-")

    aws.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError) as error:
        aws.sagemaker.describe_endpoint(EndpointName=name)
    assert (error.value.response["Error"]["Code"], "Could not find endpoint" in message(error)) == ("ValidationException", True)
    with pytest.raises(ClientError, match=f"Endpoint {name} of account 123456789012 not found"):
        aws.invoke(name)


def test_an_endpoint_needs_neither_its_model_nor_its_configuration_once_it_is_in_service(aws):
    model = aws.model(booster_file())
    config = aws.config({"ModelName": model})
    name = aws.create(config)
    assert aws.settled(name)["EndpointStatus"] == "InService"
    aws.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    aws.sagemaker.delete_model(ModelName=model)
    assert float(aws.invoke(name))


def link_in_archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("xgboost-model")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (b"no archive", "Please ensure that the object located at the URL is a valid tar.gz archive"),
        (archive(booster_file())[:-200], "Please ensure that the object located at the URL is a valid tar.gz archive"),
        (archive({"../../escaped": b"x"}), "'../../escaped' leads out of the archive"),
        (archive({"/tmp/escaped": b"x"}), "'/tmp/escaped' leads out of the archive"),
        (link_in_archive(), "neither a file nor a directory"),
    ],
)
def test_a_bad_archive_fails_the_endpoint_and_names_the_archive(aws, files, words):
    described = aws.settled(aws.create(aws.config({"ModelName": aws.model(files)})))
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"].startswith('Failed to extract model data archive for container "container_1" from URL "s3://')
    assert words in described["FailureReason"]


def test_a_model_that_does_not_load_fails_the_ping_health_check_and_its_log_says_why(aws):
    name = aws.create(aws.config({"ModelName": aws.model({"xgboost-model": b"torn"})}))
    described = aws.settled(name)
    assert (described["EndpointStatus"], described["FailureReason"]) == (
        "Failed",
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint.",
    )
    log = aws.log(name)
    assert "cannot be loaded by XGBoost" in log
    assert f'File "{container_paths.PACKAGES}/course/localaws/images/' in log and str(ROOT) not in log and sys.prefix not in log
    with pytest.raises(ClientError, match="not found"):
        aws.invoke(name)
    with pytest.raises(ClientError, match="status Failed"):
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=described["EndpointConfigName"])
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_model_data_that_is_gone_fails_the_endpoint(aws):
    model = aws.model(booster_file())
    aws.s3.delete_object(Bucket=aws.bucket, Key=f"{model}.tar.gz")
    described = aws.settled(aws.create(aws.config({"ModelName": model})))
    assert described["EndpointStatus"] == "Failed"
    assert "Please ensure that there is an object located at the URL and that the role passed to CreateModel" in described["FailureReason"]


def test_uncompressed_model_data_below_a_prefix(aws):
    prefix = aws.name("plain")
    for key, content in booster_file().items():
        aws.s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/{key}", Body=content)
    model = aws.name("model")
    source = {"S3Uri": f"s3://{aws.bucket}/{prefix}/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": XGBOOST, "ModelDataSource": {"S3DataSource": source}}
    aws.sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    name = aws.create(aws.config({"ModelName": model}))
    assert aws.settled(name)["EndpointStatus"] == "InService"
    assert float(aws.invoke(name))


def test_a_script_archive_in_s3_as_older_sdks_leave_it(aws):
    aws.s3.put_object(Bucket=aws.bucket, Key="code.tar.gz", Body=archive({"serve_it.py": echo("from S3")["code/inference.py"]}))
    environment = {"SAGEMAKER_PROGRAM": "serve_it.py", "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{aws.bucket}/code.tar.gz"}
    assert aws.invoke(aws.deploy({"nothing": b""}, SKLEARN, environment)) == "from S3"


def test_what_does_not_exist_or_exists_already(aws):
    name = aws.deploy(echo("a"), SKLEARN)
    config = aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        aws.sagemaker.create_endpoint(EndpointName=aws.name("none"), EndpointConfigName="none")
    for operation in (aws.sagemaker.delete_endpoint, aws.sagemaker.describe_endpoint):
        with pytest.raises(ClientError, match="Could not find endpoint"):
            operation(EndpointName="none")


@pytest.mark.parametrize(
    ("variant", "more", "words"),
    [
        ({"CoreDumpConfig": {"DestinationS3Uri": "s3://b/dumps"}}, {}, "CoreDumpConfig"),
        ({"RoutingConfig": {"RoutingStrategy": "PREFIX_AWARE"}}, {}, "PREFIX_AWARE"),
    ],
)
def test_kinds_of_hosting_that_are_not_there_yet_are_refused_by_name(aws, variant, more, words):
    model = aws.model(booster_file())
    merged = {"VariantName": "AllTraffic", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "ModelName": model} | variant
    config = aws.name("config")
    variants = [{member: value for member, value in merged.items() if value is not None}]
    aws.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants, **more)
    with pytest.raises(ClientError) as error:
        aws.sagemaker.create_endpoint(EndpointName=aws.name("none"), EndpointConfigName=config)
    assert (error.value.response["Error"]["Code"], words in message(error)) == ("NotSupportedByLocalAws", True)


def test_a_disabled_data_capture_is_described_whole(aws):
    capture = {
        "EnableCapture": False,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    name = aws.create(aws.config({"ModelName": aws.model(echo("a"), SKLEARN)}, DataCaptureConfig=capture))
    described = aws.settled(name)["DataCaptureConfig"]
    assert described == {
        "EnableCapture": False,
        "CaptureStatus": "Stopped",
        "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/capture",
        "KmsKeyId": "",
    }


def test_more_instances_than_the_quota_are_refused(aws):
    config = aws.config({"ModelName": aws.model(booster_file()), "InitialInstanceCount": 21})
    with pytest.raises(ClientError, match="The account-level service limit 'ml.m5.large for endpoint usage' is 20") as error:
        aws.sagemaker.create_endpoint(EndpointName=aws.name("none"), EndpointConfigName=config)
    assert error.value.response["Error"]["Code"] == "ResourceLimitExceeded"


@pytest.mark.nightly  # its own local AWS; test_training.py covers requirements by day
def test_requirements_of_a_script_and_its_paths_where_opt_ml_is_rewritten(wheels, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("COURSE_NO_USERNS", "1")
    handle = launch.start(tmp_path / "state")
    try:
        aws = fixtures_of(handle)
        code = """
import localaws_tiny
def model_fn(model_dir): return open("/opt/ml/model/word.txt").read()
def transform_fn(model, data, content_type, accept): return model + " and " + localaws_tiny.__name__, "text/plain"
"""
        files = script(code) | {"word.txt": b"found", "code/requirements.txt": b"localaws-tiny"}
        assert aws.invoke(aws.deploy(files, SKLEARN)) == "found and localaws_tiny"
        files["code/requirements.txt"] = b"no-such-package-anywhere"
        name = aws.create(aws.config({"ModelName": aws.model(files, SKLEARN)}))
        assert "did not pass the ping health check" in aws.settled(name)["FailureReason"]
        assert "No matching distribution found for no-such-package-anywhere" in aws.log(name)
    finally:
        handle.stop()


# ---- updates --------------------------------------------------------------------------------------------------------------------


class Load:
    """Threads that invoke an endpoint without pause and record the answers."""

    def __init__(self, aws: EndpointFixtures, name: str, threads: int = 4) -> None:
        self.answers: list[tuple[bool, str]] = []  # (whether the update was over when the request was sent, the answer)
        self.errors: list[Exception] = []
        self.over = threading.Event()
        self._end = threading.Event()
        self._aws, self._name = aws, name
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(LIMIT)

    def _run(self) -> None:
        while not self._end.is_set():
            over = self.over.is_set()
            try:
                self.answers.append((over, self._aws.invoke(self._name)))
            except Exception as error:
                self.errors.append(error)


def test_an_update_under_load_loses_no_request_and_the_new_model_answers_all_after_it(aws):
    name = aws.deploy(echo("old"), SKLEARN)
    config = aws.config({"ModelName": aws.model(echo("new"), SKLEARN)})
    with Load(aws, name) as load:
        until(lambda: len(load.answers) > 50, "the load runs")
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        described = aws.settled(name)
        load.over.set()
        seen = len(load.answers)
        until(lambda: len(load.answers) > seen + 100, "requests after the update")
    assert load.errors == []
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    assert {answer for _, answer in load.answers} == {"old", "new"}
    assert {answer for over, answer in load.answers if over} == {"new"}


def test_a_slow_request_of_the_old_model_is_answered_though_the_endpoint_is_updated(aws):
    slow = script(
        "import time\ndef model_fn(d): return 0\n"
        "def transform_fn(model, data, content_type, accept):\n    time.sleep(4)\n    return 'slow and old', 'text/plain'"
    )
    name = aws.deploy(slow, SKLEARN)
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(aws.invoke(name)))
    request.start()
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=aws.config({"ModelName": aws.model(echo("new"), SKLEARN)}))
    aws.settled(name)
    assert aws.invoke(name) == "new"
    request.join(LIMIT)
    assert answers == ["slow and old"]


def test_a_failed_update_keeps_the_old_model_and_says_why(aws):
    name = aws.deploy(echo("old"), SKLEARN)
    before = aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    config = aws.config({"ModelName": aws.model({"xgboost-model": b"torn"})})
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        aws.sagemaker.delete_endpoint(EndpointName=name)
    described = aws.settled(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert "did not pass the ping health check" in described["FailureReason"]
    assert aws.invoke(name) == "old"
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=aws.config({"ModelName": aws.model(echo("new"), SKLEARN)}))
    assert "FailureReason" not in aws.settled(name)
    assert aws.invoke(name) == "new"


def test_weights_and_capacities(aws):
    variants = [
        {"VariantName": stem, "ModelName": aws.model(echo(stem), SKLEARN), "InitialVariantWeight": weight}
        for stem, weight in (("A", 1), ("B", 0))
    ]
    name = aws.create(aws.config(*variants))
    aws.settled(name)
    assert {aws.invoke(name) for _ in range(30)} == {"A"}
    assert aws.invoke(name, TargetVariant="B") == "B"

    changes = [{"VariantName": "A", "DesiredWeight": 0.0}, {"VariantName": "B", "DesiredWeight": 3.0, "DesiredInstanceCount": 2}]
    aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=changes)
    described = {variant["VariantName"]: variant for variant in aws.settled(name)["ProductionVariants"]}
    assert (described["B"]["CurrentWeight"], described["B"]["CurrentInstanceCount"]) == (3.0, 2)
    assert {aws.invoke(name) for _ in range(30)} == {"B"}
    streams = aws.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{name}", logStreamNamePrefix="B/")["logStreams"]
    assert len(streams) == 2

    with Load(aws, name) as load:
        until(lambda: len(load.answers) > 20, "the load runs")
        down = [{"VariantName": "B", "DesiredInstanceCount": 1}]
        aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=down)
        aws.settled(name)
    assert load.errors == []

    for bad, words in (({"VariantName": "C", "DesiredWeight": 1.0}, "C"), ({"VariantName": "A", "DesiredInstanceCount": 0}, "at least 1")):
        with pytest.raises(ClientError, match=words):
            aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[bad])
    assert aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"

    config = aws.config(*[variant | {"InitialVariantWeight": 1} for variant in variants])
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=True)
    kept = {variant["VariantName"]: variant["CurrentWeight"] for variant in aws.settled(name)["ProductionVariants"]}
    assert kept == {"A": 0.0, "B": 3.0}
