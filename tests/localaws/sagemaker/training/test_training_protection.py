"""KMS keys and VPCs of training jobs through boto3: described, applied to stored objects, and refused when they do not exist."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.training.test_training import SAVE


def output(key: str, **changes: str) -> dict:
    return {"S3OutputPath": f"s3://{BUCKET}/out", "KmsKeyId": key, **changes}


@pytest.mark.parametrize("named", ["id", "arn", "alias"])
def test_the_model_says_by_which_key_it_is_encrypted(aws: JobFixtures, key: str, named: str) -> None:
    name = {"id": key.rpartition("/")[2], "arn": key, "alias": "alias/models"}[named]
    job = aws.trained(aws.script(SAVE, OutputDataConfig=output(name)))
    assert job["TrainingJobStatus"] == "Completed" and job["OutputDataConfig"]["KmsKeyId"] == name
    place = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    stored = aws.s3.head_object(Bucket=BUCKET, Key=place)
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_model_that_stays_uncompressed_too(aws: JobFixtures, key: str) -> None:
    job = aws.trained(aws.script(SAVE, OutputDataConfig=output(key, CompressionType="NONE")))
    place = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    assert aws.s3.head_object(Bucket=BUCKET, Key=f"{place}model.txt")["SSEKMSKeyId"] == key


def test_keys_that_cannot_be_used(aws: JobFixtures, key: str) -> None:
    volume = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    elsewhere = key.replace("us-east-1", "eu-west-1")
    for name in ("00000000-0000-0000-0000-000000000000", "alias/none", elsewhere):
        for changes in ({"OutputDataConfig": output(name)}, {"ResourceConfig": volume | {"VolumeKmsKeyId": name}}):
            code, message = refused(aws.script, SAVE, **changes)
            assert code == "ValidationException" and message == f"The KMS key {name!r} does not exist in the region us-east-1."
    kms = aws.client("kms")
    off = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=off)
    code, message = refused(aws.script, SAVE, OutputDataConfig=output(off))
    assert code == "ValidationException" and "its state is Disabled" in message


def test_a_key_that_is_deleted_while_the_job_runs(aws: JobFixtures) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = aws.script("import time; time.sleep(1)", OutputDataConfig=output(key))
    kms.schedule_key_deletion(KeyId=key)
    job = aws.trained(name)
    reason = f"ClientError: Artifact upload failed:ValidationException: The KMS key '{key}' cannot be used: its state is PendingDeletion."
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", reason)


def test_a_vpc_is_described(aws: JobFixtures, vpc: dict) -> None:
    assert aws.trained(aws.script(SAVE, VpcConfig=vpc))["VpcConfig"] == vpc


def test_vpcs_that_are_not_there(aws: JobFixtures, vpc: dict) -> None:
    code, message = refused(aws.script, SAVE, VpcConfig=vpc | {"Subnets": ["subnet-0123456789abcdef0"]})
    assert code == "ValidationException" and message == "The subnet ID 'subnet-0123456789abcdef0' does not exist in the region us-east-1."
    code, message = refused(aws.script, SAVE, VpcConfig=vpc | {"SecurityGroupIds": ["sg-0123456789abcdef0"]})
    assert code == "ValidationException" and "security group 'sg-0123456789abcdef0' does not exist" in message


def test_subnets_and_groups_are_of_one_vpc(aws: JobFixtures, vpc: dict) -> None:
    ec2 = aws.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=aws.name("other"), Description="of another VPC", VpcId=other)["GroupId"]
    code, message = refused(aws.script, SAVE, VpcConfig=vpc | {"SecurityGroupIds": [group]})
    assert code == "ValidationException" and "must belong to one VPC" in message and f"{group} in {other}" in message
