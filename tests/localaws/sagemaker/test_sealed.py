"""A sealed local AWS, as graders start it: its jobs and model servers reach only this local AWS, and no network."""

from __future__ import annotations

import json
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.docker_build import build
from course.localaws.server import launch
from course.sandbox.box import best_mode
from course.sandbox.limits import Limits
from tests.localaws.sagemaker.custom_image_fixtures import SERVE, classic
from tests.localaws.sagemaker.hosting import endpoint_fixtures
from tests.localaws.sagemaker.job_fixtures import ROLE, JobFixtures, channel

pytestmark = pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")


@pytest.fixture(scope="module")
def aws() -> Iterator[JobFixtures]:
    with launch.temporary(sealed=True, limits=Limits(disk=200 << 20, processes=40)) as handle:
        yield JobFixtures(handle, "namespace")


def run(aws: JobFixtures, code: str, **changes: object) -> tuple[dict, list[str]]:
    name = aws.script(textwrap.dedent(code), **changes)
    return aws.trained(name), aws.lines(name)


def test_a_job_reaches_its_own_aws_and_nothing_else(aws: JobFixtures) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        code = f"""
            import boto3, socket
            print("buckets:", [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]])
            for address in (("127.0.0.1", {outside.getsockname()[1]}), ("192.0.2.1", 80)):
                try:
                    socket.create_connection(address, 5)
                    print("reached")
                except OSError as error:
                    print(type(error).__name__)
        """
        job, lines = run(aws, code)
    assert job["TrainingJobStatus"] == "Completed", job
    assert "buckets: ['course-data']" in lines and "reached" not in lines
    assert [line for line in lines if line.endswith("Error")] == ["ConnectionRefusedError", "OSError"]


def test_a_job_sees_neither_state_nor_keys(aws: JobFixtures) -> None:
    code = f"""
        import os
        state = {str(aws.handle.state)!r}
        print("sees:", sorted(os.listdir(state)))
        print("boxes:", len(os.listdir(state + "/boxes")))
    """
    _, lines = run(aws, code)
    assert "sees: ['aws-config', 'boxes', 'overlays', 'sagemaker-config.yaml']" in lines and "boxes: 1" in lines


def test_isolation_still_takes_the_aws_away(aws: JobFixtures) -> None:
    job, lines = run(aws, "import boto3\nboto3.client('s3').list_buckets()", EnableNetworkIsolation=True)
    assert job["TrainingJobStatus"] == "Failed" and any("Could not connect" in line for line in lines)


def test_limits_are_those_it_was_given(aws: JobFixtures) -> None:
    job, _ = run(aws, "import time\nopen('/opt/ml/model/large', 'wb').write(b'x' * (250 << 20))\ntime.sleep(60)")
    assert job["FailureReason"].startswith("AlgorithmError: [Errno 28] No space left on device")
    job, _ = run(aws, "import subprocess, time\nkept = [subprocess.Popen(['sleep', '60']) for _ in range(60)]\ntime.sleep(60)")
    assert "more than 40 processes" in job["FailureReason"]


def test_links_out_of_the_box_do_not_work(aws: JobFixtures) -> None:
    code = """
        import os, shutil, sys
        shutil.rmtree("/opt/ml/model")
        os.symlink("/etc", "/opt/ml/model")
        os.symlink("/etc/passwd", "/opt/ml/output/data/passwd")
        open("/opt/ml/output/data/mine", "w").write("mine")
        os.symlink("/etc/hostname", "/opt/ml/output/failure")
        sys.exit(1)
    """
    job, _ = run(aws, code)
    assert job["FailureReason"] == "AlgorithmError: , exit code: 1"
    stored = aws.archive(f"s3://course-data/out/{job['TrainingJobName']}/output/output.tar.gz")
    assert stored == {"mine": b"mine"}


def test_a_channel_of_hard_links_cannot_be_written(aws: JobFixtures) -> None:
    """A write would change the stored objects."""
    body = b"x" * (2 << 20)
    uri = aws.put("fast/large", body)
    code = """
        import glob
        for path in ["/opt/ml/input/data/fast/large", *glob.glob("/tmp/**/input/data/fast/large", recursive=True)]:
            try:
                open(path, "r+b").write(b"changed")
            except OSError as error:
                print(error.strerror)
    """
    _, lines = run(aws, code, InputDataConfig=[channel("fast", "s3://course-data/fast/", InputMode="FastFile")])
    assert lines.count("Read-only file system") >= 2
    assert aws.get(uri) == body


def test_an_endpoint_answers_through_its_relay(aws: JobFixtures) -> None:
    hosting = endpoint_fixtures.fixtures_of(aws.handle)
    name = hosting.deploy(endpoint_fixtures.echo("from inside"))
    assert hosting.invoke(name) == "from inside"
    hosting.close()


def test_a_custom_image_is_sealed_in_too_and_a_guest_may_build_it(aws: JobFixtures, tmp_path: Path) -> None:
    guest = aws.handle.invite(tmp_path / "guest")
    with socket.create_server(("127.0.0.1", 0)) as outside:
        serve = SERVE.replace("PORT", "8080", 1).replace('"from": helper.NAME', f'"from": reached({outside.getsockname()[1]})')
        reached = """
            def reached(port):
                import socket
                try:
                    socket.create_connection(("127.0.0.1", port), 5)
                    return "outside"
                except OSError as error:
                    return type(error).__name__

            class Handler"""
        serve = serve.replace("\n    class Handler", textwrap.dedent(reached).replace("\n", "\n    "))
        train = "#!/bin/sh\necho '1' > /opt/ml/model/mean.json\n"
        dockerfile = "FROM python\nCOPY program /opt/program\nENV PATH=/opt/program:$PATH\nRUN chmod +x /opt/program/*\n"
        image = build(guest, classic(tmp_path / "context", train=train, serve=serve, Dockerfile=dockerfile), "sealed/own")
        job = aws.trained(aws.train(aws.name("sealed"), image.uri))
        assert job["TrainingJobStatus"] == "Completed", aws.lines(job["TrainingJobName"])
        name = aws.name("sealed")
        container = {"Image": image.uri, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]}
        aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        aws.until(lambda: aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], lambda status: status == "InService")
        answer = aws.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body="3", ContentType="text/csv")
        said = json.loads(answer["Body"].read())
    assert said["from"] == "ConnectionRefusedError" and said["caller"].endswith("assumed-role/SageMakerRole/SageMaker")
