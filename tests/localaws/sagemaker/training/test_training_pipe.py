"""Pipe mode through boto3, in both modes of /opt/ml: FIFOs by epoch, compression, wrapping, order, augmented manifests, early ends."""

from __future__ import annotations

import gzip
import hashlib
import json
import os

import pytest

from course.localaws.images.shared import recordio
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, channel, cluster, trust

READ = """
import json, os, sys, time
def read(epoch, channel="train"):
    path = f"/opt/ml/input/data/{channel}_{epoch}"
    while not os.path.exists(path):
        time.sleep(0.005)
    with open(path, "rb") as pipe:
        return pipe.read()
def save_facts(**facts):
    name = os.environ.get("SM_CURRENT_HOST", "facts")
    json.dump(facts, open(f"/opt/ml/model/{name}.json", "w"), default=bytes.hex)
"""


def piped(aws: JobFixtures, code: str, *channels: dict, **changes: object) -> dict:
    """The job that runs ``code`` behind the helpers of `READ`, once it has ended."""
    return aws.trained(aws.script(READ + code, InputDataConfig=list(channels), **changes))


def facts_of(aws: JobFixtures, job: dict, host: str = "algo-1") -> dict:
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return json.loads(aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])[f"{host}.json"])


@pytest.mark.both_modes
def test_objects_come_one_after_the_other_in_each_epoch(aws: JobFixtures) -> None:
    large = os.urandom(1 << 20)
    for key, body in (("b.csv", b"2\n"), ("a.csv", b"1\n"), ("c/c.bin", large)):
        aws.put(f"pipe/many/{key}", body)
    code = """
import hashlib
config = json.load(open("/opt/ml/input/config/inputdataconfig.json"))
epochs = [hashlib.sha256(read(epoch)).hexdigest() for epoch in range(3)]
save_facts(epochs=epochs, config=config, left=sorted(os.listdir("/opt/ml/input/data")))
"""
    job = piped(aws, code, channel("train", f"s3://{BUCKET}/pipe/many/", InputMode="Pipe"))
    facts = facts_of(aws, job)
    assert facts["epochs"] == [hashlib.sha256(b"1\n2\n" + large).hexdigest()] * 3
    assert facts["config"]["train"]["TrainingInputMode"] == "Pipe"
    assert "train_3" in facts["left"] and "train" not in facts["left"]
    assert ("GetObject", f"{BUCKET}/pipe/many/a.csv") in aws.done_in_s3(f"training-job/{job['TrainingJobName']}")


def test_the_mode_of_the_job_holds_for_channels_that_say_none(aws: JobFixtures) -> None:
    aws.put("pipe/mode/a.csv", "1\n")
    code = "save_facts(piped=read(0).decode(), file=open('/opt/ml/input/data/file/a.csv').read())"
    name = aws.name("mode")
    aws.put(f"code/{name}.py", READ + code)
    inputs = [
        channel("train", f"s3://{BUCKET}/pipe/mode/"),
        channel("file", f"s3://{BUCKET}/pipe/mode/", InputMode="File"),
        channel("code", f"s3://{BUCKET}/code/{name}.py", InputMode="File"),
    ]
    specification = {
        "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        "TrainingInputMode": "Pipe",
        "ContainerEntrypoint": ["python3", f"/opt/ml/input/data/code/{name}.py"],
    }
    aws.train(name, AlgorithmSpecification=specification, InputDataConfig=inputs, Environment={"SM_CURRENT_HOST": "algo-1"})
    assert facts_of(aws, aws.trained(name)) == {"piped": "1\n", "file": "1\n"}


def test_gzip_is_decompressed_and_recordio_wrapped(aws: JobFixtures) -> None:
    aws.put("pipe/zip/a.gz", gzip.compress(b"first") + gzip.compress(b" member"))
    aws.put("pipe/zip/b.gz", gzip.compress(b"second"))
    uri = f"s3://{BUCKET}/pipe/zip/"
    job = piped(
        aws,
        "save_facts(train=read(0), raw=read(0, 'raw'), both=read(0, 'both'))",
        channel("train", uri, InputMode="Pipe", CompressionType="Gzip"),
        channel("raw", uri, InputMode="Pipe", RecordWrapperType="RecordIO"),
        channel("both", uri, InputMode="Pipe", RecordWrapperType="RecordIO", CompressionType="Gzip"),
    )
    facts = {name: bytes.fromhex(text) for name, text in facts_of(aws, job).items()}
    assert facts["train"] == b"first membersecond"
    assert facts["both"] == b"".join([*recordio.frames(12, [b"first member"]), *recordio.frames(6, [b"second"])])
    objects = [aws.get(f"{uri}{name}") for name in ("a.gz", "b.gz")]
    assert facts["raw"] == b"".join(piece for body in objects for piece in recordio.frames(len(body), [body]))


def test_shuffled_anew_in_each_epoch_and_dealt_over_hosts(aws: JobFixtures) -> None:
    for number in range(12):
        aws.put(f"pipe/shuffle/{number:02}", f"{number:02} ")
    shuffled = channel("train", f"s3://{BUCKET}/pipe/shuffle/", InputMode="Pipe", ShuffleConfig={"Seed": 7})
    shuffled["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    job = piped(aws, "save_facts(epochs=[read(epoch).decode().split() for epoch in range(2)])", shuffled, ResourceConfig=cluster(2))
    hosts = [facts_of(aws, job, host)["epochs"] for host in ("algo-1", "algo-2")]
    everything = [f"{number:02}" for number in range(12)]
    for epoch in range(2):
        assert sorted(hosts[0][epoch] + hosts[1][epoch]) == everything and len(hosts[0][epoch]) == 6
    assert hosts[0][0] != hosts[0][1] and set(hosts[0][0]) != set(hosts[0][1])


def test_an_augmented_manifest(aws: JobFixtures) -> None:
    aws.put("pipe/images/1.jpg", b"\xff\xd8one")
    aws.put("pipe/images/2.jpg", b"\xff\xd8three")
    lines = [
        {"is-a-cat": 1, "image-ref": f"s3://{BUCKET}/pipe/images/1.jpg", "other": "x"},
        {"image-ref": f"s3://{BUCKET}/pipe/images/2.jpg", "is-a-cat": 0},
    ]
    manifest = aws.put("pipe/images.manifest", "\n".join(map(json.dumps, lines)) + "\n")

    def augmented(name: str, **members: object) -> dict:
        made = channel(name, manifest, kind="AugmentedManifestFile", InputMode="Pipe", **members)
        made["DataSource"]["S3DataSource"]["AttributeNames"] = ["image-ref", "is-a-cat"]
        return made

    code = "save_facts(train=read(0), plain=read(0, 'plain'))"
    facts = facts_of(aws, piped(aws, code, augmented("train", RecordWrapperType="RecordIO"), augmented("plain")))
    records = [b"\xff\xd8one", b"1", b"\xff\xd8three", b"0"]
    assert bytes.fromhex(facts["plain"]) == b"".join(records)
    assert bytes.fromhex(facts["train"]) == b"".join(piece for record in records for piece in recordio.frames(len(record), [record]))


def test_a_program_may_close_early_or_never_open(aws: JobFixtures) -> None:
    aws.put("pipe/large", os.urandom(4 << 20))
    code = """
with open("/opt/ml/input/data/train_0", "rb") as pipe:
    first = pipe.read(10)
save_facts(whole=len(read(1)))
"""
    uri = f"s3://{BUCKET}/pipe/large"
    job = piped(aws, code, channel("train", uri, InputMode="Pipe"), channel("unused", uri, InputMode="Pipe"))
    assert facts_of(aws, job) == {"whole": 4 << 20} and aws.boxes() == []


def test_a_job_is_stopped_while_it_is_fed(aws: JobFixtures) -> None:
    aws.put("pipe/large", os.urandom(4 << 20))
    code = "pipe = open('/opt/ml/input/data/train_0', 'rb'); pipe.read(10); print('reading now'); time.sleep(600)"
    name = aws.script(READ + code, InputDataConfig=[channel("train", f"s3://{BUCKET}/pipe/large", InputMode="Pipe")])
    aws.until(lambda: "reading now" in aws.lines(name))
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.trained(name)["TrainingJobStatus"] == "Stopped" and aws.boxes() == []


@pytest.mark.nightly  # data of other modes by day
def test_data_that_is_no_gzip_or_is_gone_fails_the_job(aws: JobFixtures) -> None:
    broken = aws.put("pipe/broken.gz", "no gzip")
    job = piped(aws, "read(0); time.sleep(600)", channel("train", broken, InputMode="Pipe", CompressionType="Gzip"))
    assert job["FailureReason"].startswith("ClientError: Data download failed:") and "pipe/broken.gz" in job["FailureReason"]
    uri = aws.put("pipe/gone.csv", "1")
    code = f"import boto3; boto3.client('s3').delete_object(Bucket='{BUCKET}', Key='pipe/gone.csv'); read(0); time.sleep(600)"
    job = piped(aws, code, channel("train", uri, InputMode="Pipe"))
    assert job["FailureReason"].startswith("ClientError: Data download failed:NoSuchKey (404)")


def test_a_role_that_may_list_and_not_read(aws: JobFixtures) -> None:
    iam = aws.client("iam")
    role = iam.create_role(RoleName=aws.name("Lister"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"]
    statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="list", PolicyDocument=policy)
    job = piped(aws, "", channel("train", aws.put("pipe/secret.csv", "1"), InputMode="Pipe"), RoleArn=role["Arn"])
    assert job["FailureReason"].startswith("ClientError: Data download failed:AccessDenied (403)")


@pytest.mark.both_modes
@pytest.mark.parametrize("place", ["os.symlink(secret, path)", "open(path, 'w').close()", "os.link(secret, path)"])
def test_what_the_job_puts_in_the_place_of_a_fifo_is_not_written_to(aws: JobFixtures, place: str) -> None:
    uri = aws.put("pipe/spoilt.csv", "data")
    code = f"""
secret, path = "/opt/ml/model/secret", "/opt/ml/input/data/train_0"
open(secret, "w").write("kept")
os.unlink(path)
{place}
time.sleep(0.3)
save_facts(secret=open(secret).read())
"""
    assert facts_of(aws, piped(aws, code, channel("train", uri, InputMode="Pipe"))) == {"secret": "kept"}


@pytest.mark.parametrize(
    ("changes", "attributes", "word"),
    [
        ({"kind": "AugmentedManifestFile", "InputMode": "Pipe"}, None, "AttributeNames"),
        ({"kind": "AugmentedManifestFile"}, ["a"], "only in Pipe input mode"),
        ({}, ["a"], "AugmentedManifestFile"),
        ({"RecordWrapperType": "RecordIO"}, None, "only in Pipe input mode"),
        ({"InputMode": "FastFile", "CompressionType": "Gzip"}, None, "only in Pipe input mode"),
    ],
)
def test_channels_that_contradict_themselves(aws: JobFixtures, changes: dict, attributes: list[str] | None, word: str) -> None:
    made = channel("train", aws.put("pipe/odd.csv", "1"), **changes)
    made["DataSource"]["S3DataSource"] |= {"AttributeNames": attributes} if attributes else {}
    code, message = refused(aws.train, aws.name("odd"), InputDataConfig=[made])
    assert code == "ValidationException" and word in message


def test_at_most_twenty_channels(aws: JobFixtures) -> None:
    uri = aws.put("pipe/odd.csv", "1")
    code, message = refused(aws.train, aws.name("many"), InputDataConfig=[channel(f"c{number}", uri) for number in range(21)])
    assert code == "ValidationException" and "inputDataConfig" in message and "20" in message
    name = aws.train(aws.name("many"), entrypoint=["true"], InputDataConfig=[channel(f"c{number}", uri) for number in range(20)])
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
