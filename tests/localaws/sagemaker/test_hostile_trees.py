"""Jobs, images and servers whose archives, links and folders would have the local AWS read or write outside their boxes."""

from __future__ import annotations

import io
import tarfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.docker_build import build
from course.localaws.server import launch
from course.sandbox import machine
from tests.localaws.sagemaker.custom_image_fixtures import write
from tests.localaws.sagemaker.job_fixtures import (
    BUCKET,
    ROLE,
    SKLEARN,
    JobFixtures,
    cluster,
    processing_input,
    processing_output,
    targz,
)
from tests.sandbox.trees.hostile_trees import SECRET, Outside, Thing, archive_of, escape

UP = "../" * 40  # the kernel stops at the root


@pytest.fixture(autouse=True)
def contained(aws: JobFixtures) -> None:
    if aws.mode != "namespace":
        pytest.skip("without namespaces a job can read and write this user's files anyway, until 2027-12-03")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """A folder that a box does not see. At the end of the test nothing in it has changed."""
    made = Outside.make(tmp_path)
    yield made
    made.check()


def stored(aws: JobFixtures, prefix: str) -> dict[str, bytes]:
    return {key.removeprefix(prefix): aws.get(f"s3://{BUCKET}/{key}") for key in aws.keys(prefix)}


# ---- archives -------------------------------------------------------------------------------------------------------------------


def test_a_source_archive_that_escapes_tarfile(aws: JobFixtures, outside: Outside) -> None:
    source = aws.put("escape/sourcedir.tar.gz", archive_of(escape(f"{UP}{outside.folder}/secret")).getvalue())
    job = aws.trained(aws.train(aws.name("escape"), HyperParameters={"sagemaker_submit_directory": source, "sagemaker_program": "x.py"}))
    assert job["TrainingJobStatus"] == "Failed" and "cannot be unpacked" in job["FailureReason"]
    assert str(aws.handle.state) not in job["FailureReason"]


def test_a_source_archive_beside_a_processing_script(aws: JobFixtures, outside: Outside) -> None:
    """Of such an archive the requirements are read before the job starts."""
    escaping, link = escape(f"{UP}{outside.folder}/secret"), [Thing("link", "requirements.txt", f"{UP}{outside.folder}/secret")]
    for number, members in enumerate((escaping, link)):
        source = aws.put(f"beside/{number}/sourcedir.tar.gz", archive_of(members).getvalue())
        name = aws.process("print('ran')", ProcessingInputs=[processing_input("source", source, "/opt/ml/processing/input/source")])
        assert aws.processed(name)["ProcessingJobStatus"] == "Completed" and aws.lines(name, "ProcessingJobs") == ["ran"]


def test_a_model_archive_that_escapes_tarfile(aws: JobFixtures, outside: Outside) -> None:
    url = aws.put("escape/model.tar.gz", archive_of(escape(f"{UP}{outside.folder}/secret")).getvalue())
    name = aws.name("escape")
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": SKLEARN, "ModelDataUrl": url})
    variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    found = aws.until(lambda: aws.sagemaker.describe_endpoint(EndpointName=name), lambda it: it["EndpointStatus"] != "Creating")
    assert found["EndpointStatus"] == "Failed" and "Failed to extract model data archive" in found["FailureReason"]
    aws.sagemaker.delete_endpoint(EndpointName=name)


# ---- what a job leaves ------------------------------------------------------------------------------------------------------------

# Links that are safe at each host alone. At the first one `d` is the model's folder itself, so the second one's link would climb further.
TWO_HOSTS = """
import json, os
host = json.load(open("/opt/ml/input/config/resourceconfig.json"))["current_host"]
os.chdir("/opt/ml/model")
open(host, "w").write(host)
if host == "algo-1":
    os.symlink(".", "d")
else:
    os.makedirs("d/d/d/d")
    open("/opt/ml/secret", "w").write("my own")
    os.symlink("../../../../../secret", "d/d/d/d/stolen")
    open("d/d/d/d/kept", "w").write("kept")
    os.mkdir("e")
    open("e/beside", "w").write("beside")
"""


@pytest.mark.parametrize("compression", ["NONE", "GZIP"])
def test_two_hosts_whose_links_meet(aws: JobFixtures, compression: str) -> None:
    secret = aws.handle.state / "secret"  # where the link would lead
    secret.write_bytes(SECRET)
    prefix = aws.name("two-hosts")
    output = {"S3OutputPath": f"s3://{BUCKET}/{prefix}", "CompressionType": compression}
    job = aws.trained(aws.script(TWO_HOSTS, OutputDataConfig=output, ResourceConfig=cluster(2)))
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    found = stored(aws, f"{prefix}/{job['TrainingJobName']}/output/model")
    if compression == "GZIP":
        with tarfile.open(fileobj=io.BytesIO(found[".tar.gz"])) as tar:
            found = {f"/{member.name}": tar.extractfile(member).read() for member in tar if member.isreg()}
    assert found == {"/algo-1": b"algo-1", "/algo-2": b"algo-2", "/e/beside": b"beside"}
    secret.unlink()


def test_links_of_outputs_are_followed_inside_only(aws: JobFixtures, outside: Outside) -> None:
    prefix = aws.name("linked")
    code = f"""
        import os
        os.chdir("/opt/ml/processing/out")
        open("file", "w").write("written")
        os.symlink("file", "before"), os.symlink("/opt/ml/processing/out/file", "zafter"), os.symlink("before", "chain")
        os.symlink("{outside.folder}/secret", "secret"), os.symlink("{UP}{outside.folder}/secret", "up")
        os.symlink("{outside.folder}", "folder"), os.symlink("/proc/1/environ", "environ"), os.mkfifo("pipe")
        """
    output = {"Outputs": [processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out")]}
    name = aws.process(textwrap.dedent(code), ProcessingOutputConfig=output)
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    assert stored(aws, f"{prefix}/") == dict.fromkeys(("file", "before", "zafter", "chain"), b"written")


def test_an_output_folder_that_became_a_link(aws: JobFixtures, outside: Outside) -> None:
    prefix = aws.name("linked")
    code = f"import os; os.rmdir('/opt/ml/processing/out'); os.symlink('{outside.folder}', '/opt/ml/processing/out')"
    output = {"Outputs": [processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out")]}
    job = aws.processed(aws.process(code, ProcessingOutputConfig=output))
    assert job["ProcessingJobStatus"] == "Failed" and "out is a link that leads out of the folder" in job["FailureReason"]
    assert aws.keys(prefix) == []


def test_outputs_that_are_too_deep_to_name(aws: JobFixtures) -> None:
    code = """
        import os
        os.chdir("/opt/ml/processing/out")
        for _ in range(2000):
            os.mkdir("d" * 200), os.chdir("d" * 200)
        open("file", "w").write("x")
        """
    output = {"Outputs": [processing_output("out", f"s3://{BUCKET}/deep", "/opt/ml/processing/out")]}
    job = aws.processed(aws.process(textwrap.dedent(code), ProcessingOutputConfig=output))
    assert job["ProcessingJobStatus"] == "Failed" and "is deeper than 64 folders" in job["FailureReason"]
    aws.until(lambda: not aws.boxes())


def test_the_next_job_of_a_warm_pool_writes_through_no_link_of_the_last(aws: JobFixtures, outside: Outside) -> None:
    cache = "/opt/ml/sagemaker/warmpoolcache"
    warm = cluster(1) | {"KeepAlivePeriodInSeconds": 600, "VolumeSizeInGB": 11}
    aws.trained(aws.script(f"import os; os.symlink('{outside.folder}', '{cache}/d')", ResourceConfig=warm))
    checkpoint = aws.put("warm/checkpoint/secret", "written by the local AWS")
    config = {"S3Uri": checkpoint.rpartition("/")[0], "LocalPath": f"{cache}/d/inner"}
    job = aws.trained(aws.script("pass", ResourceConfig=warm, CheckpointConfig=config))
    assert job["TrainingJobStatus"] == "Failed" and "d is a link, or not a folder" in job["FailureReason"]
    aws.trained(aws.script(f"import os; os.symlink('{outside.folder}', '{cache}/d')", ResourceConfig=warm | {"VolumeSizeInGB": 12}))
    parameters = {"sagemaker_submit_directory": f"{cache}/d", "sagemaker_program": "x.py"}
    job = aws.trained(aws.train(aws.name("warm"), HyperParameters=parameters, ResourceConfig=warm | {"VolumeSizeInGB": 12}))
    assert job["TrainingJobStatus"] == "Failed" and "d is a link or not a regular file" in job["FailureReason"]
    aws.handle.advance(3600)


# ---- images -----------------------------------------------------------------------------------------------------------------------

CONFIG = b'{"config": {"Env": [], "WorkingDir": "", "Entrypoint": null, "Cmd": ["true"]}, "from": "", "history": []}'


def body(*members: tarfile.TarInfo, config: bytes = CONFIG) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("config.json")
        member.size = len(config)
        tar.addfile(member, io.BytesIO(config))
        for each in members:
            tar.addfile(each)
    return packed.getvalue()


def linked(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@pytest.mark.parametrize("member", ["files", "packages"])
def test_the_body_of_an_image_whose_folder_is_a_link(aws: JobFixtures, outside: Outside, tmp_path: Path, member: str) -> None:
    for target in (str(outside.folder), "/", ".."):
        (tmp_path / "body.tar").write_bytes(body(linked(member, target)))
        with pytest.raises(launch.ServerError, match=f"this is not the body of an image: {member} is a link"):
            aws.handle.upload_image(tmp_path / "body.tar")
    (tmp_path / "body.tar").write_bytes(body(linked("config.json", f"{outside.folder}/secret")))
    with pytest.raises(launch.ServerError, match="config.json is a link"):
        aws.handle.upload_image(tmp_path / "body.tar")


@pytest.mark.parametrize("config", [b"[]", b"{}", b'"config"', b'{"config": {"Env": "x", "WorkingDir": 1}}', b"[" * 100_000])
def test_the_body_of_an_image_with_another_configuration(aws: JobFixtures, tmp_path: Path, config: bytes) -> None:
    (tmp_path / "body.tar").write_bytes(body(config=config))
    with pytest.raises(launch.ServerError, match="this is not the body of an image"):
        aws.handle.upload_image(tmp_path / "body.tar")


@pytest.fixture
def built(aws: JobFixtures, wheels: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Builds an image whose path in the image is a link."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    machine.binds.cache_clear()  # the index of wheels has been read

    def make(path: str, target: str) -> str:
        context = write(tmp_path / "context", {"Dockerfile": f"FROM {SKLEARN}\nCOPY tree /\n", "tree/name": ""})
        link = context / "tree" / path
        link.parent.mkdir(parents=True)
        link.symlink_to(target)
        return build(aws.handle, context, aws.name("images/linked")).uri

    return make


def test_an_input_is_not_downloaded_through_a_link_of_the_image(aws: JobFixtures, built, outside: Outside) -> None:
    image = built("opt/ml/processing/input", str(outside.folder))
    job = aws.processed(aws.process("pass", AppSpecification={"ImageUri": image}))
    assert job["ProcessingJobStatus"] == "Failed" and "input is a link, or not a folder" in job["FailureReason"]


def test_checkpoints_are_not_downloaded_through_a_link_of_the_image(aws: JobFixtures, built, outside: Outside) -> None:
    image = built("opt/ml/mine", str(outside.folder))
    aws.put("linked/checkpoint/secret", "written by the local AWS")
    config = {"S3Uri": f"s3://{BUCKET}/linked/checkpoint", "LocalPath": "/opt/ml/mine/inner"}
    job = aws.trained(aws.train(aws.name("linked"), image, CheckpointConfig=config, entrypoint=["true"]))
    assert job["TrainingJobStatus"] == "Failed" and "mine is a link, or not a folder" in job["FailureReason"]


def test_the_opt_ml_of_an_image_is_not_read_outside_it(aws: JobFixtures, built, outside: Outside) -> None:
    image = built("opt/ml", str(outside.folder))
    job = aws.trained(aws.train(aws.name("linked"), image, entrypoint=["ls", "/opt/ml"]))
    assert job["TrainingJobStatus"] == "Completed" and "secret" not in aws.lines(job["TrainingJobName"])


# ---- model servers ----------------------------------------------------------------------------------------------------------------

MOVES = """
import os
def model_fn(folder):
    if "MOVE" in open(os.path.join(folder, "kind")).read():
        os.rename("/opt/ml/models", "/opt/ml/away")
        os.symlink("{outside}", "/opt/ml/models")
    return 0
def transform_fn(model, data, content_type, accept):
    return "answered", "text/plain"
"""


def test_a_model_is_not_fetched_through_a_link_of_the_running_server(aws: JobFixtures, outside: Outside) -> None:
    code = MOVES.format(outside=outside.folder)
    for name in ("MOVE", "STAY"):
        aws.put(f"moving/{name}.tar.gz", targz({"code/inference.py": code, "kind": name}))
    name = aws.name("moving")
    container = {"Image": SKLEARN, "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/moving/"}
    container["Environment"] = {"SAGEMAKER_PROGRAM": "inference.py"}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    found = aws.until(lambda: aws.sagemaker.describe_endpoint(EndpointName=name), lambda it: it["EndpointStatus"] != "Creating")
    assert found["EndpointStatus"] == "InService", found
    runtime = aws.client("sagemaker-runtime")
    asked = {"EndpointName": name, "Body": b"x", "ContentType": "text/csv"}
    assert runtime.invoke_endpoint(**asked, TargetModel="MOVE.tar.gz")["Body"].read() == b"answered"
    with pytest.raises(runtime.exceptions.ClientError, match="The container leaves no place for the model: models is a link"):
        runtime.invoke_endpoint(**asked, TargetModel="STAY.tar.gz")
    aws.sagemaker.delete_endpoint(EndpointName=name)
