"""The KMS keys and the VPC of a processing job: their effect, and that a request is refused when they do not exist."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, processing_output

WRITE = "open('/opt/ml/processing/out/a.txt', 'w').write('a')"
PLACE = "/opt/ml/processing/out"


def outputs(aws: JobFixtures, key: str, mode: str = "EndOfJob") -> dict:
    stored = processing_output("out", f"s3://{BUCKET}/{aws.name('encrypted')}", PLACE)
    stored["S3Output"]["S3UploadMode"] = mode
    return {"Outputs": [stored], "KmsKeyId": key}


def stored(job: dict) -> str:
    """The KMS key of the job's only object in S3."""
    [output] = job["ProcessingOutputConfig"]["Outputs"]
    return output["S3Output"]["S3Uri"].removeprefix(f"s3://{BUCKET}/") + "/a.txt"


@pytest.mark.parametrize(("named", "mode"), [("id", "EndOfJob"), ("arn", "EndOfJob"), ("alias", "Continuous")])
def test_outputs_say_by_which_key_they_are_encrypted(aws: JobFixtures, key: str, named: str, mode: str) -> None:
    name = {"id": key.rpartition("/")[2], "arn": key, "alias": "alias/models"}[named]
    job = aws.processed(aws.process(WRITE, ProcessingOutputConfig=outputs(aws, name, mode)))
    assert job["ProcessingJobStatus"] == "Completed" and job["ProcessingOutputConfig"]["KmsKeyId"] == name
    head = aws.s3.head_object(Bucket=BUCKET, Key=stored(job))
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_no_key_no_encryption_by_one(aws: JobFixtures) -> None:
    job = aws.processed(aws.process(WRITE, ProcessingOutputConfig=outputs(aws, "")))
    assert "SSEKMSKeyId" not in aws.s3.head_object(Bucket=BUCKET, Key=stored(job))


def test_keys_that_cannot_be_used(aws: JobFixtures, key: str) -> None:
    volume = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    for name in ("00000000-0000-0000-0000-000000000000", "alias/none", key.replace("us-east-1", "eu-west-1")):
        changed = {"ClusterConfig": volume | {"VolumeKmsKeyId": name}}
        for changes in ({"ProcessingOutputConfig": outputs(aws, name)}, {"ProcessingResources": changed}):
            code, message = refused(aws.process, WRITE, **changes)
            assert code == "ValidationException" and message == f"The KMS key {name!r} does not exist in the region us-east-1."


def test_a_key_that_is_deleted_while_the_job_runs(aws: JobFixtures) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    waits = "import time; print('working', flush=True); time.sleep(1)\n" + WRITE
    name = aws.process(waits, ProcessingOutputConfig=outputs(aws, key))
    aws.until(lambda: aws.lines(name, "ProcessingJobs"))
    kms.schedule_key_deletion(KeyId=key)
    job = aws.processed(name)
    reason = f"ClientError: Artifact upload failed:ValidationException: The KMS key '{key}' cannot be used: its state is PendingDeletion."
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == ("Failed", reason)


def test_a_vpc_is_described_and_looked_at(aws: JobFixtures, vpc: dict) -> None:
    assert aws.processed(aws.process("pass", NetworkConfig={"VpcConfig": vpc}))["NetworkConfig"] == {"VpcConfig": vpc}
    gone = {"Subnets": ["subnet-0123456789abcdef0"]}
    code, message = refused(aws.process, "pass", NetworkConfig={"VpcConfig": vpc | gone})
    assert code == "ValidationException" and message == "The subnet ID 'subnet-0123456789abcdef0' does not exist in the region us-east-1."
