"""KMS keys and VPCs of training jobs through boto3: described, applied to stored objects, and refused when they do not exist."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.training.test_training import SAVE
from tests.localaws.sagemaker.vpc_fixtures import Vpc


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


READ = """
import hashlib, pathlib
for path in sorted(pathlib.Path("/opt/ml/input/data/train").rglob("*")):
    if path.is_file():
        print("read", path.name, hashlib.md5(path.read_bytes()).hexdigest())
"""


def channel(uri: str, mode: str = "File") -> list[dict]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return [{"ChannelName": "train", "InputMode": mode, "DataSource": {"S3DataSource": source}}]


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_a_job_reads_what_is_under_a_key_if_its_role_may_decrypt(aws: JobFixtures, key: str, mode: str) -> None:
    body, folder = os.urandom((2 << 20) + 12_345), aws.name("encrypted")  # no other object has this size
    aws.s3.put_object(Bucket=BUCKET, Key=f"{folder}/large.bin", Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    name = aws.script(READ, InputDataConfig=channel(f"s3://{BUCKET}/{folder}/", mode))
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert f"read large.bin {hashlib.md5(body).hexdigest()}" in aws.lines(name)
    left = [path for path in aws.handle.state.rglob("*") if path.is_file() and path.stat().st_size == len(body)]
    assert not left, "a decrypted copy was left behind"


def test_a_role_without_the_keys_permission_reads_and_writes_nothing(aws: JobFixtures) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]  # SageMakerRole has no policy for keys
    folder = aws.name("encrypted")
    aws.s3.put_object(Bucket=BUCKET, Key=f"{folder}/a", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    job = aws.trained(aws.script(READ, InputDataConfig=channel(f"s3://{BUCKET}/{folder}/")))
    assert job["TrainingJobStatus"] == "Failed"
    assert f"not authorized to perform: kms:Decrypt on resource: {key}" in job["FailureReason"]
    job = aws.trained(aws.script(SAVE, OutputDataConfig=output(key)))
    assert job["TrainingJobStatus"] == "Failed"
    assert f"not authorized to perform: kms:GenerateDataKey on resource: {key}" in job["FailureReason"]


def test_a_volumes_key_needs_a_grant_by_the_role_or_the_caller(aws: JobFixtures) -> None:
    kms, volume = aws.client("kms"), {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert aws.trained(aws.script(SAVE, ResourceConfig=volume | {"VolumeKmsKeyId": key}))["TrainingJobStatus"] == "Completed"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}
    account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=json.dumps({"Version": "2012-10-17", "Statement": [account, deny]}))
    code, message = refused(aws.script, SAVE, ResourceConfig=volume | {"VolumeKmsKeyId": key})
    assert code == "AccessDeniedException" and f"not authorized to perform: kms:CreateGrant on resource: {key}" in message


def test_a_vpc_is_described(aws: JobFixtures, vpc: dict) -> None:
    assert aws.trained(aws.script(SAVE, VpcConfig=vpc))["VpcConfig"] == vpc


def test_a_vpc_without_a_way_to_the_internet_needs_a_machine_that_can_close_the_jobs_network(aws: JobFixtures) -> None:
    closed = Vpc(aws)
    closed.s3_endpoint()
    if aws.mode == "namespace":
        assert aws.trained(aws.script(SAVE, VpcConfig=closed.config))["TrainingJobStatus"] == "Completed"
    else:
        code, message = refused(aws.script, SAVE, VpcConfig=closed.config)
        assert code == "NotSupportedByLocalAws" and "VpcConfig without a NAT gateway" in message


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
