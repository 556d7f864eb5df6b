"""Images that users build: pushed as on AWS, and run as SageMaker runs them, in both modes of /opt/ml."""

from __future__ import annotations

import hashlib
import json
import socket
import uuid
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from course.localaws.docker_build import BuiltImage, ImageBuildError, build
from course.localaws.server import launch
from course.sandbox import machine
from tests.leaked_processes import kill
from tests.localaws.sagemaker.custom_image_fixtures import classic, write
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures, channel, processing_input, processing_output, trust
from tests.localaws.sagemaker.wheels import write_wheel


@pytest.fixture
def made(aws: JobFixtures, wheels: Path, monkeypatch: pytest.MonkeyPatch):
    """Builds a folder into an image of a new repository."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    machine.binds.cache_clear()  # the index of wheels has been read

    def make(folder: Path, **options) -> BuiltImage:
        return build(aws.handle, folder, f"images/{uuid.uuid4().hex[:8]}", report_line=print, **options)

    return make


def repository_of(uri: str) -> str:
    return uri.partition("/")[2].rpartition(":")[0]


def trained(aws: JobFixtures, image: str, **changes) -> dict:
    rows = aws.put("rows/a.csv", "1\n2\n3\n")
    return aws.trained(aws.train(aws.name("own"), image, InputDataConfig=[channel("train", rows)], **changes))


def served(aws: JobFixtures, image: str, data: str | None = None, **container) -> str:
    """Create an endpoint, wait until it is in service or failed, and return its name."""
    name = aws.name("own") + uuid.uuid4().hex[:4]
    model = {"Image": image} | ({"ModelDataUrl": data} if data else {}) | container
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=model)
    variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    variant |= {"ContainerStartupHealthCheckTimeoutInSeconds": 60}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    aws.until(lambda: status(aws, name), lambda it: it != "Creating")
    return name


def status(aws: JobFixtures, endpoint: str) -> str:
    return aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]


def invoked(aws: JobFixtures, endpoint: str, value: float) -> dict | list:
    answer = aws.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=str(value), ContentType="text/csv")
    return json.loads(answer["Body"].read())


def test_the_classic_layout_trains_and_serves(aws: JobFixtures, made, tmp_path: Path) -> None:
    image = made(classic(tmp_path / "context"))
    job = trained(aws, image.uri)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
    [line] = [line for line in aws.lines(job["TrainingJobName"]) if line.startswith("arguments")]
    assert line.startswith("arguments [] in ") and line.endswith("/opt/program with 1.0")
    data = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert aws.archive(data) == {"mean.json": b"2.0"}
    assert trained(aws, image.uri)["TrainingJobStatus"] == "Completed"  # changes of the first job to the image's files are gone
    endpoint = served(aws, image.uri, data)
    assert status(aws, endpoint) == "InService"
    answer = invoked(aws, endpoint, 3)
    assert (answer["above"], answer["from"]) == (True, "helper") and answer["caller"].endswith("assumed-role/SageMakerRole/SageMaker")
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


@pytest.mark.nightly  # by day in test_training.py, for an image of AWS
def test_a_programs_failure_message_is_the_jobs_reason(aws: JobFixtures, made, tmp_path: Path) -> None:
    job = trained(aws, made(classic(tmp_path / "context")).uri, HyperParameters={"fail": "yes"})
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", "AlgorithmError: as requested, exit code: 3")


def test_servers_that_insist_on_8080(aws: JobFixtures, made, tmp_path: Path) -> None:
    image = made(classic(tmp_path / "context", port="8080"))
    data = trained(aws, image.uri)["ModelArtifacts"]["S3ModelArtifacts"]
    with socket.socket() as taken:  # another program uses 8080 on this machine
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("0.0.0.0", 8080))
            taken.listen()
        except OSError:
            pass  # as it was before this test
        endpoints = [served(aws, image.uri, data) for _ in range(2 if aws.mode == "namespace" else 1)]
    if aws.mode == "namespace":
        assert [invoked(aws, endpoint, 1)["above"] for endpoint in endpoints] == [False, False]
    else:
        described = aws.sagemaker.describe_endpoint(EndpointName=endpoints[0])
        assert described["EndpointStatus"] == "Failed" and "did not pass the ping health check" in described["FailureReason"]
        events = aws.client("logs").filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{endpoints[0]}")["events"]
        assert any("SAGEMAKER_BIND_TO_PORT names" in event["message"] for event in events)
    for endpoint in endpoints:
        aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_the_entry_point_gets_train_as_its_argument(aws: JobFixtures, made, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "context",
        {
            "Dockerfile": """
                FROM ubuntu:22.04
                WORKDIR /srv/app
                COPY main.py ./
                ENTRYPOINT ["python3", "main.py", "--from-image"]
                CMD ["nothing"]
                """,
            "main.py": "import sys; print('got', *sys.argv[1:])\n",
        },
    )
    image = made(folder)
    job = aws.trained(aws.train(aws.name("entry"), image.uri))
    assert job["TrainingJobStatus"] == "Completed", aws.lines(job["TrainingJobName"])
    assert "got --from-image train" in aws.lines(job["TrainingJobName"])


def test_files_of_the_image_are_at_their_paths_among_the_machines_files(aws: JobFixtures, made, tmp_path: Path) -> None:
    places = (
        "/usr/local/bin/say",
        "/usr/share/course/word",
        "/etc/course/word",
        "/home/me/word",
        "/srv/word",
        "/word",
    )
    copies = "".join(f"COPY say {place}\n" for place in places)
    script = "#!/bin/sh\n" + "".join(f"cat {place} | wc -l && " for place in places) + "ls /usr/bin > /dev/null\n"
    dockerfile = f'FROM debian\n{copies}RUN chmod +x /usr/local/bin/say\nENTRYPOINT ["say"]\n'
    image = made(write(tmp_path / "context", {"Dockerfile": dockerfile, "say": script}))
    job = aws.trained(aws.train(aws.name("places"), image.uri))
    lines = aws.lines(job["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed" and lines == ["2"] * len(places), lines


def test_a_program_that_is_not_there(aws: JobFixtures, made, tmp_path: Path) -> None:
    image = made(write(tmp_path / "context", {"Dockerfile": "FROM python\n"}))
    job = aws.trained(aws.train(aws.name("none"), image.uri))
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", "AlgorithmError: , exit code: 127")
    assert any("cannot run 'train'" in line for line in aws.lines(job["TrainingJobName"]))


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        ({}, "first=image-entry default"),
        ({"ContainerArguments": ["a", "b c"]}, "first=image-entry a|b c"),
        ({"ContainerEntrypoint": ["python3", "/srv/app/main.py", "mine"]}, "first=mine "),
        ({"ContainerEntrypoint": ["python3", "/srv/app/main.py", "mine"], "ContainerArguments": ["x"]}, "first=mine x"),
    ],
    ids=["entrypoint and cmd", "arguments", "another entrypoint", "both"],
)
def test_processing_runs_what_docker_run_would(aws: JobFixtures, made, tmp_path: Path, asked: dict, printed: str) -> None:
    code = """
        import sys
        from pathlib import Path
        rows = Path("/opt/ml/processing/input/rows/rows.csv").read_text().split()
        Path("/opt/ml/processing/output/count").write_text(str(len(rows)))
        print(f"first={sys.argv[1]}", "|".join(sys.argv[2:]))
        """
    dockerfile = """
        FROM public.ecr.aws/docker/library/python:3.11
        COPY main.py /srv/app/main.py
        ENTRYPOINT ["python3", "/srv/app/main.py", "image-entry"]
        CMD ["default"]
        """
    image = made(write(tmp_path / "context", {"Dockerfile": dockerfile, "main.py": code}))
    name, rows = aws.name("own"), aws.put("own/rows.csv", "1\n2\n3\n")
    aws.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": image.uri} | asked,
        ProcessingInputs=[processing_input("rows", rows, "/opt/ml/processing/input/rows")],
        ProcessingOutputConfig={"Outputs": [processing_output("count", f"s3://{BUCKET}/{name}", "/opt/ml/processing/output")]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    )
    job, lines = aws.processed(name), aws.lines(name, "ProcessingJobs")
    assert job["ProcessingJobStatus"] == "Completed", (job, lines)
    assert aws.get(f"s3://{BUCKET}/{name}/count") == b"3" and printed in lines


@pytest.mark.nightly  # builds an image; the classic layout is built by day
def test_a_script_in_an_image_built_from_awss(aws: JobFixtures, made, tmp_path: Path) -> None:
    """As with `sagemaker-training`: the program is in /opt/ml/code, and SAGEMAKER_PROGRAM names it."""
    files = {
        "Dockerfile": f"""
            FROM {SKLEARN}
            RUN pip install localaws-tiny
            COPY *.py /opt/ml/code/
            ENV SAGEMAKER_PROGRAM=train.py
            """,
        "train.py": """
            import argparse, os, sklearn, localaws_tiny, beside
            parser = argparse.ArgumentParser()
            parser.add_argument("--rate", type=float)
            open(os.environ["SM_MODEL_DIR"] + "/rate", "w").write(f"{parser.parse_args().rate} {beside.WORD} {localaws_tiny.VERSION}")
            """,
        "beside.py": "WORD = 'beside'\n",
        "inference.py": """
            import beside, json, localaws_tiny
            def model_fn(folder): return open(f"{folder}/rate").read().split()[0]
            def transform_fn(rate, data, content_type, accept):
                return json.dumps([rate, data, beside.WORD, localaws_tiny.VERSION]), "application/json"
            """,
    }
    image = made(write(tmp_path / "context", files))
    job = trained(aws, image.uri, HyperParameters={"rate": "0.5"})
    assert job["TrainingJobStatus"] == "Completed", aws.lines(job["TrainingJobName"])
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"rate": b"0.5 beside 1.0"}
    endpoint = served(aws, image.uri, job["ModelArtifacts"]["S3ModelArtifacts"], Environment={"SAGEMAKER_PROGRAM": "inference.py"})
    assert status(aws, endpoint) == "InService"
    assert invoked(aws, endpoint, 2) == ["0.5", "2", "beside", "1.0"]
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


@pytest.mark.nightly  # builds an image
def test_programs_that_pip_installs(aws: JobFixtures, made, tmp_path: Path, wheels: Path) -> None:
    """As the training toolkit's ``train`` is installed into an image, with any path of Python in the Dockerfile."""
    write_wheel(wheels, "localaws-trainer", "1.0", programs={"train": "localaws_trainer:main"})
    code = "def main():\n    import sys, localaws_trainer\n    print('localaws_trainer', localaws_trainer.VERSION, sys.argv[1:])\n"
    files = {"Dockerfile": "FROM python\nRUN pip install localaws-trainer\nCOPY more.py /opt/more.py\n", "more.py": code}
    image = made(write(tmp_path / "context", files))
    job = trained(aws, image.uri)
    assert job["TrainingJobStatus"] == "Completed" and "localaws_trainer 1.0 []" in aws.lines(job["TrainingJobName"])
    assert made(tmp_path / "context").digest == image.digest
    (tmp_path / "context/more.py").write_text(f"{code}main()\n")
    (tmp_path / "context/Dockerfile").write_text(f'{files["Dockerfile"]}ENTRYPOINT ["/usr/local/bin/python3", "/opt/more.py"]\n')
    job = trained(aws, made(tmp_path / "context").uri)
    assert "localaws_trainer 1.0 ['train']" in aws.lines(job["TrainingJobName"])


def test_ecr_shows_it_as_on_aws(aws: JobFixtures, made, tmp_path: Path) -> None:
    folder = write(tmp_path / "context", {"Dockerfile": "FROM python:3.11\nCOPY a.txt /srv/\nENV A=1\n", "a.txt": "x" * 5000})
    image = made(folder)
    ecr, name = aws.client("ecr"), repository_of(image.uri)
    [repository] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert f"{repository['repositoryUri']}:latest" == image.uri
    [details] = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert (details["imageDigest"], details["imageTags"]) == (image.digest, ["latest"]) and details["imageSizeInBytes"] > 5000
    assert ecr.list_images(repositoryName=name)["imageIds"] == [{"imageDigest": image.digest, "imageTag": "latest"}]
    [got] = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "latest"}])["images"]
    assert f"sha256:{hashlib.sha256(got['imageManifest'].encode()).hexdigest()}" == image.digest
    again = build(aws.handle, folder, f"{image.uri.rpartition(':')[0]}:v1")
    assert again.digest == image.digest  # the same content at every build
    [details] = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert sorted(details["imageTags"]) == ["latest", "v1"]


@pytest.mark.nightly  # builds three images
def test_a_tag_moves_and_a_digest_does_not(aws: JobFixtures, made, tmp_path: Path) -> None:
    folder = classic(tmp_path / "context", train="#!/bin/sh\necho first\n")
    first = made(folder)
    (folder / "program/train").write_text("#!/bin/sh\necho second\n")
    second = build(aws.handle, folder, first.uri)
    pinned = f"{first.uri.rpartition(':')[0]}@{first.digest}"
    said = [aws.lines(trained(aws, uri)["TrainingJobName"]) for uri in (first.uri, pinned)]
    assert second.digest != first.digest and said == [["second"], ["first"]]


@pytest.mark.nightly  # the test above covers moved tags by day
def test_an_endpoint_keeps_the_image_that_its_tag_was(aws: JobFixtures, made, tmp_path: Path) -> None:
    folder = classic(tmp_path / "context")
    image = made(folder)
    endpoint = served(aws, image.uri, trained(aws, image.uri)["ModelArtifacts"]["S3ModelArtifacts"])
    (folder / "program/helper.py").write_text("NAME = 'another'\n")
    build(aws.handle, folder, image.uri)
    two = [{"VariantName": "all", "DesiredInstanceCount": 2}]
    aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=endpoint, DesiredWeightsAndCapacities=two)
    aws.until(lambda: status(aws, endpoint), lambda it: it == "InService")
    assert {invoked(aws, endpoint, 3)["from"] for _ in range(10)} == {"helper"}
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_role_that_may_not_pull(aws: JobFixtures, made, tmp_path: Path) -> None:
    image = made(write(tmp_path / "context", {"Dockerfile": "FROM python\n"}))
    role = aws.client("iam").create_role(RoleName=aws.name("bare"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"][
        "Arn"
    ]
    with pytest.raises(ClientError) as caught:
        aws.train(aws.name("denied"), image.uri, RoleArn=role)
    message = caught.value.response["Error"]["Message"]
    assert (
        message.startswith(f"Access denied for repository: {repository_of(image.uri)} in registry ID: 123456789012. ") and role in message
    )


def test_an_image_that_was_put_but_not_built(aws: JobFixtures) -> None:
    ecr, name = aws.client("ecr"), f"images/{uuid.uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name)
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    for number, config in enumerate(({"digest": "sha256:" + "0" * 64}, {"digest": "../../keys"}, {}, None)):
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [], "number": number})
        ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag=f"v{number}")
        with pytest.raises(ClientError, match="has no files of the image .* Build it with `course aws build`"):
            aws.train(aws.name("put"), f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}:v{number}")
    assert len(ecr.describe_images(repositoryName=name)["imageDetails"]) == 4


def test_an_immutable_tag_stays(aws: JobFixtures, made, tmp_path: Path) -> None:
    folder = write(tmp_path / "context", {"Dockerfile": "FROM python\nLABEL a=1\n"})
    image = made(folder)
    aws.client("ecr").put_image_tag_mutability(repositoryName=repository_of(image.uri), imageTagMutability="IMMUTABLE")
    assert build(aws.handle, folder, image.uri) == image
    (folder / "Dockerfile").write_text("FROM python\nLABEL a=2\n")
    with pytest.raises(ImageBuildError, match="cannot become another image"):
        build(aws.handle, folder, image.uri)


@pytest.mark.nightly  # other refusals by day
def test_what_is_not_there_or_deleted(aws: JobFixtures, made, tmp_path: Path) -> None:
    image = made(classic(tmp_path / "context"))
    endpoint = served(aws, image.uri, trained(aws, image.uri)["ModelArtifacts"]["S3ModelArtifacts"])
    [variant] = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    [deployed] = variant["DeployedImages"]
    assert deployed["SpecifiedImage"] == image.uri and deployed["ResolvedImage"] == f"{image.uri.rpartition(':')[0]}@{image.digest}"
    ecr, name = aws.client("ecr"), repository_of(image.uri)
    refusals = [
        (lambda: trained(aws, f"{image.uri}2"), f"Cannot find the requested image: {image.uri}2"),
        (lambda: served(aws, f"{image.uri}2"), f"Requested image {image.uri}2 not found."),
        (lambda: trained(aws, image.uri.replace("us-east-1", "eu-west-1")), "Cannot find repository: images/"),
        (lambda: trained(aws, image.uri.replace("us-east-1", "mars-1")), "Cannot find repository: images/"),
    ]
    for ask, words in refusals:
        with pytest.raises(ClientError, match="ValidationException") as caught:
            ask()
        assert words in caught.value.response["Error"]["Message"]
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "latest"}])
    with pytest.raises(ClientError, match="Cannot find the requested image"):
        trained(aws, image.uri)
    [server_process] = [each for each in aws.processes() if "/opt/program/serve" in " ".join(each.cmdline())]
    server_process.kill()
    aws.until(lambda: _answers(aws, endpoint))  # the running server goes on, and can be restarted
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def _answers(aws: JobFixtures, endpoint: str) -> bool:
    try:
        return invoked(aws, endpoint, 3)["above"]
    except ClientError:
        return False


@pytest.mark.nightly  # its own local AWS, killed
def test_images_survive_and_what_none_names_is_swept(tmp_path: Path) -> None:
    handle = launch.start(tmp_path / "state")
    try:
        aws = JobFixtures(handle, "any")
        folder = write(tmp_path / "context", {"Dockerfile": "FROM python\nCOPY train /usr/local/bin/\n", "train": "#!/bin/sh\necho here\n"})
        (folder / "train").chmod(0o755)
        kept, gone = [build(handle, folder, name, arguments={}) for name in ("kept", "gone")]
        (folder / "train").write_text("#!/bin/sh\necho gone\n")
        gone = build(handle, folder, "gone")
        aws.client("ecr").delete_repository(repositoryName="gone", force=True)
        assert len(bodies(handle)) == 2
        kill(handle.pid)
        handle = launch.start(tmp_path / "state")
        aws = JobFixtures(handle, "any", fresh=False)
        job = aws.trained(aws.train(aws.name("kept"), kept.uri))
        assert job["TrainingJobStatus"] == "Completed" and aws.lines(job["TrainingJobName"]) == ["here"]
        aws.until(lambda: len(bodies(handle)) == 1)
        with pytest.raises(ClientError, match="Cannot find repository: gone"):
            aws.train(aws.name("gone"), gone.uri)
        handle.reset()
        assert bodies(handle) == []
    finally:
        handle.stop()


def bodies(handle: launch.Handle) -> list[str]:
    return sorted(path.name for path in (handle.state / "images").iterdir())
