"""The KMS keys and the VPC of a processing job: their effect, and that a request is refused when they do not exist."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, processing_output
from tests.localaws.sagemaker.training.test_training import refused

WRITE = "open('/opt/ml/processing/out/a.txt', 'w').write('a')"
PLACE = "/opt/ml/processing/out"


def outputs(world: JobFixtures, key: str, mode: str = "EndOfJob") -> dict:
    stored = processing_output("out", f"s3://{BUCKET}/{world.name('encrypted')}", PLACE)
    stored["S3Output"]["S3UploadMode"] = mode
    return {"Outputs": [stored], "KmsKeyId": key}


def stored(job: dict) -> str:
    """The KMS key of the job's only object in S3."""
    [output] = job["ProcessingOutputConfig"]["Outputs"]
    return output["S3Output"]["S3Uri"].removeprefix(f"s3://{BUCKET}/") + "/a.txt"


@pytest.mark.parametrize(("named", "mode"), [("id", "EndOfJob"), ("arn", "EndOfJob"), ("alias", "Continuous")])
def test_outputs_say_by_which_key_they_are_encrypted(world: JobFixtures, key: str, named: str, mode: str) -> None:
    name = {"id": key.rpartition("/")[2], "arn": key, "alias": "alias/models"}[named]
    job = world.processed(world.process(WRITE, ProcessingOutputConfig=outputs(world, name, mode)))
    assert job["ProcessingJobStatus"] == "Completed" and job["ProcessingOutputConfig"]["KmsKeyId"] == name
    head = world.s3.head_object(Bucket=BUCKET, Key=stored(job))
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_no_key_no_encryption_by_one(world: JobFixtures) -> None:
    job = world.processed(world.process(WRITE, ProcessingOutputConfig=outputs(world, "")))
    assert "SSEKMSKeyId" not in world.s3.head_object(Bucket=BUCKET, Key=stored(job))


def test_keys_that_cannot_be_used(world: JobFixtures, key: str) -> None:
    volume = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    for name in ("00000000-0000-0000-0000-000000000000", "alias/none", key.replace("us-east-1", "eu-west-1")):
        changed = {"ClusterConfig": volume | {"VolumeKmsKeyId": name}}
        for changes in ({"ProcessingOutputConfig": outputs(world, name)}, {"ProcessingResources": changed}):
            code, message = refused(world.process, WRITE, **changes)
            assert code == "ValidationException" and message == f"The KMS key {name!r} does not exist in the region us-east-1."


def test_a_key_that_goes_while_the_job_runs(world: JobFixtures) -> None:
    kms = world.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    waits = "import time; print('working', flush=True); time.sleep(1)\n" + WRITE
    name = world.process(waits, ProcessingOutputConfig=outputs(world, key))
    world.until(lambda: world.lines(name, "ProcessingJobs"))
    kms.schedule_key_deletion(KeyId=key)
    job = world.processed(name)
    reason = f"ClientError: Artifact upload failed:ValidationException: The KMS key '{key}' cannot be used: its state is PendingDeletion."
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == ("Failed", reason)


def test_a_vpc_is_described_and_looked_at(world: JobFixtures, vpc: dict) -> None:
    assert world.processed(world.process("pass", NetworkConfig={"VpcConfig": vpc}))["NetworkConfig"] == {"VpcConfig": vpc}
    gone = {"Subnets": ["subnet-0123456789abcdef0"]}
    code, message = refused(world.process, "pass", NetworkConfig={"VpcConfig": vpc | gone})
    assert code == "ValidationException" and message == "The subnet ID 'subnet-0123456789abcdef0' does not exist in the region us-east-1."
