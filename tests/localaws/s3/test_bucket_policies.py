"""S3's authorization: identity policies, bucket policies and condition keys, with boto3 over HTTP."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

from course.localaws.core.credentials import ACCOUNT
from course.localaws.protocol.model import service_model
from course.localaws.s3 import condition_keys
from tests.leaked_processes import wait_for
from tests.localaws.iam.callers import document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused

NUMBERS = itertools.count()
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Account:
    """A local AWS, and callers with policies of their own. ``admin`` may do everything."""

    def __init__(self, aws: RestartableAws) -> None:
        self.aws = aws
        self.admin = self.user("admin", ALL)

    def user(self, name: str, *statements: dict) -> Any:
        """An S3 client of a new user with these identity policies."""
        iam = self.aws("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.aws("s3", key["AccessKeyId"], key["SecretAccessKey"])

    def session(self, name: str, *statements: dict, boundary: str | None = None, **policies: Any) -> Any:
        """An S3 client of a session of a new role."""
        iam = self.aws("iam")
        trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}})
        options = {"PermissionsBoundary": boundary} if boundary else {}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **options)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        given = self.aws("sts").assume_role(RoleArn=role, RoleSessionName="s1", **policies)["Credentials"]
        return self.aws("s3", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def bucket(self, *statements: dict, **objects: bytes) -> str:
        """A new bucket with these objects and the statements as its policy; ``BUCKET`` in them is replaced by its name."""
        name = f"policies-{next(NUMBERS)}"
        self.admin.create_bucket(Bucket=name)
        for key, body in objects.items():
            self.admin.put_object(Bucket=name, Key=key, Body=body)
        if statements:
            self.admin.put_bucket_policy(Bucket=name, Policy=document(*statements).replace("BUCKET", name))
        return name


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    aws = RestartableAws(tmp_path_factory.mktemp("policies") / "state")
    try:
        yield Account(aws)
    finally:
        aws.stop()


def statement(
    effect: str, principal: Any, action: Any, resource: Any = ("arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"), **conditions
) -> dict:
    found = {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        "Resource": list(resource) if isinstance(resource, tuple) else resource,
    }
    return found | ({"Condition": conditions} if conditions else {})


def user(name: str) -> dict:
    return {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{name}"}


def denied(call, *words: str, **request) -> None:
    code, message = refused(call, **request)
    assert code == "AccessDenied", (code, message)
    assert all(each in message for each in words), message


# Who


def test_buckets_are_listed_by_a_policy_on_all_of_s3(account: Account) -> None:
    bucket = account.bucket()
    for resource in ("*", "arn:aws:s3:::*"):
        lister = account.user(f"lister-{next(NUMBERS)}", ALL | {"Action": "s3:ListAllMyBuckets", "Resource": resource})
        assert bucket in [each["Name"] for each in lister.list_buckets()["Buckets"]]
    other = account.user("lister-of-one", ALL | {"Action": "s3:ListAllMyBuckets", "Resource": f"arn:aws:s3:::{bucket}"})
    assert refused(other.list_buckets) == (
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/lister-of-one is not authorized to perform: s3:ListAllMyBuckets "
        "because no identity-based policy allows the s3:ListAllMyBuckets action",
    )


def test_a_caller_without_permission_is_refused_in_s3s_words(account: Account) -> None:
    bucket, nobody = account.bucket(a=b"1"), account.user("nobody")
    assert refused(nobody.get_object, Bucket=bucket, Key="a") == (
        "AccessDenied",
        f'User: arn:aws:iam::{ACCOUNT}:user/nobody is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::{bucket}/a" '
        "because no identity-based policy allows the s3:GetObject action",
    )
    denied(nobody.list_buckets, "s3:ListAllMyBuckets")


def test_a_bucket_policy_allows_a_user_who_is_named(account: Account) -> None:
    named, other = account.user("named"), account.user("other")
    bucket = account.bucket(statement("Allow", user("named"), "s3:GetObject"), a=b"1")
    assert named.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    denied(other.get_object, Bucket=bucket, Key="a")
    denied(named.put_object, "s3:PutObject", Bucket=bucket, Key="a")
    account.admin.delete_bucket_policy(Bucket=bucket)
    denied(named.get_object, Bucket=bucket, Key="a")


def test_an_explicit_deny_in_a_bucket_policy_holds_for_everybody(account: Account) -> None:
    bucket = account.bucket(statement("Deny", "*", "s3:GetObject", "arn:aws:s3:::BUCKET/secret/*"), a=b"1")
    account.admin.get_object(Bucket=bucket, Key="a")
    account.admin.put_object(Bucket=bucket, Key="secret/a", Body=b"2")
    denied(account.admin.get_object, "with an explicit deny in a resource-based policy", Bucket=bucket, Key="secret/a")


def test_the_account_leaves_it_to_the_callers_own_policies(account: Account) -> None:
    bucket = account.bucket(statement("Allow", {"AWS": ACCOUNT}, "s3:GetObject"), a=b"1")
    denied(account.user("left-alone").get_object, Bucket=bucket, Key="a")


def test_what_limits_a_role_and_what_a_session(account: Account) -> None:
    boundary = account.aws("iam").create_policy(PolicyName="nothing", PolicyDocument=document(ALL | {"Action": "sqs:*"}))["Policy"]["Arn"]
    bounded = account.session("bounded", boundary=boundary)
    limited = account.session("limited", Policy=document(ALL | {"Action": "sqs:*"}))
    free = account.session("free")
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("bounded", "limited", "free")]
    by_role = account.bucket(statement("Allow", {"AWS": roles}, "s3:GetObject"), a=b"1")
    denied(bounded.get_object, "because no permissions boundary allows the s3:GetObject action", Bucket=by_role, Key="a")
    denied(limited.get_object, "because no session policy allows the s3:GetObject action", Bucket=by_role, Key="a")
    free.get_object(Bucket=by_role, Key="a")
    sessions = [f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/s1" for name in ("bounded", "limited", "free")]
    by_session = account.bucket(statement("Allow", {"AWS": sessions}, "s3:GetObject"), a=b"1")
    for caller in (bounded, limited, free):
        caller.get_object(Bucket=by_session, Key="a")


def test_a_users_boundary_limits_its_own_policies_but_not_a_bucket_policy_that_names_the_user(account: Account) -> None:
    bounded = account.user("within", ALL)
    account.aws("iam").put_user_permissions_boundary(
        UserName="within", PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    )
    bucket = account.bucket(a=b"1")
    denied(bounded.get_object, "because no permissions boundary allows the s3:GetObject action", Bucket=bucket, Key="a")
    named = statement("Allow", user("within"), "s3:GetObject")
    account.admin.put_bucket_policy(Bucket=bucket, Policy=document(named).replace("BUCKET", bucket))
    bounded.get_object(Bucket=bucket, Key="a")


def test_a_policy_does_not_lock_out_the_root_user(account: Account) -> None:
    keys = account.aws.handle.issue(f"arn:aws:iam::{ACCOUNT}:root")
    root = account.aws("s3", keys.principal.access_key, keys.secret, keys.token)
    bucket = account.bucket(statement("Deny", "*", "s3:*"), a=b"1")
    denied(root.get_object, "with an explicit deny in a resource-based policy", Bucket=bucket, Key="a")
    denied(account.admin.delete_bucket_policy, Bucket=bucket)
    root.get_bucket_policy(Bucket=bucket)
    root.delete_bucket_policy(Bucket=bucket)
    root.get_object(Bucket=bucket, Key="a")


def test_nothing_limits_the_grader(account: Account) -> None:
    """It must see what a submission left, whatever that did to policies."""
    keys = account.aws.handle.issue(f"arn:aws:iam::{ACCOUNT}:root", unlimited=True)
    grader = account.aws("s3", keys.principal.access_key, keys.secret, keys.token)
    bucket = account.bucket(statement("Deny", "*", "s3:*"), a=b"1")
    assert grader.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    assert grader.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


# Conditions

ENCRYPTED = statement("Deny", "*", "s3:PutObject", "arn:aws:s3:::BUCKET/*", StringNotEquals={"s3:x-amz-server-side-encryption": "aws:kms"})


def test_uploads_without_encryption_are_denied(account: Account) -> None:
    bucket, put = account.bucket(ENCRYPTED), account.admin.put_object
    denied(put, Bucket=bucket, Key="a", Body=b"1")
    denied(put, Bucket=bucket, Key="a", Body=b"1", ServerSideEncryption="AES256")
    put(Bucket=bucket, Key="a", Body=b"1", ServerSideEncryption="aws:kms")
    denied(account.admin.create_multipart_upload, Bucket=bucket, Key="b")
    denied(account.admin.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    upload = account.admin.create_multipart_upload(Bucket=bucket, Key="b", ServerSideEncryption="aws:kms")["UploadId"]
    part = account.admin.upload_part(Bucket=bucket, Key="b", UploadId=upload, PartNumber=1, Body=b"1")  # its request has no such header
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    account.admin.complete_multipart_upload(Bucket=bucket, Key="b", UploadId=upload, MultipartUpload=parts)


def test_a_folder_of_ones_own(account: Account) -> None:
    listing = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "*",
        "Condition": {"StringLike": {"s3:prefix": "home/${aws:username}/*"}},
    }
    objects = {"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::*/home/${aws:username}/*"}
    ann, bucket = account.user("ann", listing, objects), account.bucket()
    ann.put_object(Bucket=bucket, Key="home/ann/a", Body=b"1")
    assert ann.list_objects_v2(Bucket=bucket, Prefix="home/ann/")["KeyCount"] == 1
    denied(ann.list_objects_v2, "s3:ListBucket", Bucket=bucket)
    denied(ann.list_objects_v2, Bucket=bucket, Prefix="home/")
    denied(ann.put_object, Bucket=bucket, Key="home/bob/a", Body=b"1")


def test_tags_of_objects_and_of_requests(account: Account) -> None:
    public = statement(
        "Allow", user("tags"), "s3:GetObject", "arn:aws:s3:::BUCKET/*", StringEquals={"s3:ExistingObjectTag/state": "public"}
    )
    tagged = statement(
        "Allow", user("tags"), ["s3:PutObject"], "arn:aws:s3:::BUCKET/*", StringEquals={"s3:RequestObjectTag/state": "draft"}
    )
    tags, bucket = account.user("tags"), account.bucket(public, tagged)
    account.admin.put_object(Bucket=bucket, Key="a", Body=b"1", Tagging="state=public")
    account.admin.put_object(Bucket=bucket, Key="b", Body=b"1", Tagging="state=draft")
    tags.get_object(Bucket=bucket, Key="a")
    denied(tags.get_object, Bucket=bucket, Key="b")
    denied(tags.put_object, "s3:PutObject on", Bucket=bucket, Key="c", Body=b"1")
    denied(tags.put_object, "s3:PutObjectTagging", Bucket=bucket, Key="c", Body=b"1", Tagging="state=draft")  # an action of its own
    given = statement("Allow", user("tags"), "s3:PutObjectTagging", "arn:aws:s3:::BUCKET/*")
    account.admin.put_bucket_policy(Bucket=bucket, Policy=document(public, tagged, given).replace("BUCKET", bucket))
    tags.put_object(Bucket=bucket, Key="c", Body=b"1", Tagging="state=draft")
    # Of PutObjectTagging, the tags are in the body.
    free = statement(
        "Allow",
        user("tags"),
        "s3:PutObjectTagging",
        "arn:aws:s3:::BUCKET/*",
        **{"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["state"]}},
    )
    account.admin.put_bucket_policy(Bucket=bucket, Policy=document(free).replace("BUCKET", bucket))
    tags.put_object_tagging(Bucket=bucket, Key="c", Tagging={"TagSet": [{"Key": "state", "Value": "x"}]})
    denied(tags.put_object_tagging, Bucket=bucket, Key="c", Tagging={"TagSet": [{"Key": "other", "Value": "x"}]})


def test_the_tag_of_a_session_opens_its_projects_folder(account: Account) -> None:
    """One role for all projects ("attribute-based access control")."""
    trust = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"AWS": ACCOUNT}}
    own = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/${aws:PrincipalTag/project}/*"}
    account.aws("iam").create_role(RoleName="projects", AssumeRolePolicyDocument=document(trust))
    account.aws("iam").put_role_policy(RoleName="projects", PolicyName="own", PolicyDocument=document(own))
    bucket = account.bucket()
    for project, other in (("blue", "red"), ("red", "blue")):
        given = account.aws("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/projects", RoleSessionName="s1", Tags=[{"Key": "project", "Value": project}]
        )["Credentials"]
        s3 = account.aws("s3", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        s3.put_object(Bucket=bucket, Key=f"{project}/a", Body=b"1")
        denied(s3.put_object, "s3:PutObject", Bucket=bucket, Key=f"{other}/a", Body=b"1")


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_has_the_rights_of_its_signer(account: Account, version: str) -> None:
    keys = account.aws.handle.issue(f"arn:aws:sts::{ACCOUNT}:assumed-role/SageMakerRole/presigner")
    session = boto3.Session(keys.principal.access_key, keys.secret, keys.token, "us-east-1")
    s3 = session.client("s3", endpoint_url=account.aws.handle.endpoint, config=Config(signature_version=version))
    bucket = account.bucket(a=b"1")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})

    def status(*statements: dict) -> int:
        account.admin.put_bucket_policy(Bucket=bucket, Policy=document(*statements).replace("BUCKET", bucket))
        return requests.get(url, timeout=20).status_code

    by_query = {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
    assert status(statement("Allow", {"AWS": ACCOUNT}, "s3:GetObject")) == 200
    assert status(statement("Deny", "*", "s3:GetObject", **by_query)) == 403
    assert status(statement("Deny", "*", "s3:GetObject", StringEquals={"s3:authType": "REST-HEADER"})) == 200
    name = {"s3v4": "AWS4-HMAC-SHA256", "s3": "AWS"}[version]
    assert status(statement("Deny", "*", "s3:GetObject", StringEquals={"s3:signatureversion": name})) == 403
    # Signature version 2 does not say when it was made, so that the key is absent.
    assert (
        status(statement("Deny", "*", "s3:GetObject", NumericLessThan={"s3:signatureAge": "600000"})) == {"s3v4": 403, "s3": 200}[version]
    )
    assert status(statement("Deny", "*", "s3:GetObject", NumericGreaterThan={"s3:signatureAge": "600000"})) == 200


def test_only_tls_and_only_a_vpc_endpoint(account: Account) -> None:
    tls = statement("Deny", "*", "s3:*", Bool={"aws:SecureTransport": "false"})
    old = statement("Deny", "*", "s3:*", NumericLessThan={"s3:TlsVersion": "1.2"})
    bucket = account.bucket(tls, old, a=b"1")
    account.admin.get_object(Bucket=bucket, Key="a")
    vpce = account.bucket(statement("Deny", "*", "s3:GetObject", StringNotEquals={"aws:SourceVpce": "vpce-1a2b3c4d"}), a=b"1")
    denied(account.admin.get_object, "explicit deny", Bucket=vpce, Key="a")


def test_a_condition_key_that_s3_does_not_have_refuses(account: Account) -> None:
    bucket = account.bucket(statement("Deny", "*", "s3:GetObject", StringEquals={"s3:x-amz-moon": "full"}), a=b"1")
    denied(account.admin.get_object, "the condition key s3:x-amz-moon cannot be evaluated", Bucket=bucket, Key="a")


# What else a request needs


def test_a_version_and_a_missing_object_need_permissions_of_their_own(account: Account) -> None:
    bucket = account.bucket()
    account.admin.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = account.admin.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    reader = account.user("reader", {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    reader.get_object(Bucket=bucket, Key="a")
    denied(reader.get_object, "s3:GetObjectVersion", Bucket=bucket, Key="a", VersionId=version)
    denied(reader.get_object, f's3:ListBucket on resource: "arn:aws:s3:::{bucket}"', Bucket=bucket, Key="none")
    with pytest.raises(ClientError, match="403"):
        reader.head_object(Bucket=bucket, Key="none")
    assert refused(account.admin.get_object, Bucket=bucket, Key="none")[0] == "NoSuchKey"


def test_a_copy_needs_permissions_on_both_objects(account: Account) -> None:
    source, target = account.bucket(a=b"1"), account.bucket()
    account.admin.put_object(Bucket=source, Key="tagged", Body=b"1", Tagging="a=b")
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{target}/*"}
    copier = account.user("copier", put)
    denied(copier.copy_object, f'"arn:aws:s3:::{source}/a"', Bucket=target, Key="a", CopySource=f"/{source}/a")
    copies = statement("Allow", user("copier"), ["s3:GetObject", "s3:GetObjectTagging"], "arn:aws:s3:::BUCKET/*")
    account.admin.put_bucket_policy(Bucket=source, Policy=document(copies).replace("BUCKET", source))
    copier.copy_object(Bucket=target, Key="a", CopySource=f"/{source}/a")
    denied(copier.copy_object, "s3:PutObjectTagging", Bucket=target, Key="a", CopySource={"Bucket": source, "Key": "tagged"})
    copier.copy_object(Bucket=target, Key="a", CopySource={"Bucket": source, "Key": "tagged"}, TaggingDirective="REPLACE")
    only = statement("Deny", "*", "s3:PutObject", "arn:aws:s3:::BUCKET/*", StringNotLike={"s3:x-amz-copy-source": f"{source}/a*"})
    account.admin.put_bucket_policy(Bucket=target, Policy=document(only).replace("BUCKET", target))
    copier.copy_object(Bucket=target, Key="a", CopySource=f"/{source}/a")
    denied(copier.copy_object, "explicit deny", Bucket=target, Key="a", CopySource=f"{source}/tagged", TaggingDirective="REPLACE")


def test_delete_objects_deletes_what_the_caller_may_delete(account: Account) -> None:
    bucket = account.bucket(statement("Deny", "*", "s3:DeleteObject", "arn:aws:s3:::BUCKET/kept/*"), a=b"1")
    account.admin.put_object(Bucket=bucket, Key="kept/a", Body=b"1")
    answer = account.admin.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "kept/a"}]})
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("kept/a", "AccessDenied") and "explicit deny in a resource-based policy" in error["Message"]
    assert [each["Key"] for each in answer["Deleted"]] == ["a"]
    assert [each["Key"] for each in account.admin.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept/a"]


# Work that services do with the rights of a role

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"}
# What the bucket's policy denies to the job's role -> how the job ends.
JOBS = [
    ("s3:DeleteObject", "Completed", ""),
    ("s3:GetObject", "Failed", "AccessDenied (403)"),
    ("s3:PutObject", "Failed", "AccessDenied (403)"),
    ("s3:ListBucket", "", "Access Denied"),  # CreateTrainingJob looks whether there are objects
]


@pytest.mark.parametrize(("action", "status", "words"), JOBS)
def test_a_job_reads_and_writes_under_the_buckets_policy(account: Account, action: str, status: str, words: str) -> None:
    sagemaker, name = account.aws("sagemaker"), f"job-{next(NUMBERS)}"
    bucket = account.bucket(statement("Deny", ROLE, action))
    account.admin.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}}
    request = {
        "TrainingJobName": name,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole",
        "AlgorithmSpecification": {
            "TrainingImage": SKLEARN,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", "-c", "cp /opt/ml/input/data/train/a /opt/ml/model/"],
        },
        "InputDataConfig": [{"ChannelName": "train", "DataSource": source}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    if not status:
        code, message = refused(sagemaker.create_training_job, **request)
        assert (code, words in message) == ("ValidationException", True), message
        return
    sagemaker.create_training_job(**request)
    wait_for(lambda: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] != "InProgress", "the job has ended")
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert (job["TrainingJobStatus"], words in job.get("FailureReason", "")) == (status, True), job


def test_the_table_of_condition_keys_names_members_of_the_model() -> None:
    document = yaml.safe_load(Path(condition_keys.__file__).with_suffix(".yaml").read_text())
    for members in document["conditions"].values():
        for path, operations in members.items():
            for operation in operations:
                shape = service_model("s3").operation_model(operation).input_shape
                for member in path.split("."):
                    shape = shape.member if shape.type_name == "list" else shape
                    assert member in shape.members, (operation, path)
                    shape = shape.members[member]
    computed = [*document["computed"], *document["never"]]
    assert not {name.lower() for name in document["conditions"]} & set(computed) and all(name == name.lower() for name in computed)


# PutBucketPolicy

BROKEN = [
    ({}, "Missing required field Statement"),
    (
        {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/*"}]},
        "Missing required field Principal",
    ),
    ({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}]}, "Missing required field Resource"),
    ({"Statement": [statement("Allow", user("a"), "sqs:*")]}, "Policy has invalid action"),
    ({"Statement": [statement("Allow", user("a"), "s3:GetObject", "arn:aws:s3:::another/*")]}, "Policy has invalid resource"),
    ({"Statement": [statement("Allow", user("a*"), "s3:GetObject")]}, "Invalid principal in policy"),
    ({"Statement": [statement("Allow", user("a"), "s3:GetObject", StringIs={"a": "b"})]}, "unknown condition operator 'StringIs'"),
]


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_what_is_no_bucket_policy_is_refused(account: Account, broken: dict, words: str) -> None:
    bucket = account.bucket()
    code, message = refused(account.admin.put_bucket_policy, Bucket=bucket, Policy=json.dumps(broken).replace("BUCKET", bucket))
    assert (code, words in message) == ("MalformedPolicy", True), message
    assert refused(account.admin.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"


EVERYBODY = statement("Allow", "*", "s3:GetObject")
PUBLIC = [
    ({}, True),
    ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
    ({"StringLike": {"aws:SourceVpce": "vpce-*"}}, True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}}, True),
    ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
]


@pytest.mark.parametrize(("condition", "public"), PUBLIC)
def test_public_policies_are_blocked_until_the_block_is_lifted(account: Account, condition: dict, public: bool) -> None:
    bucket = account.bucket()
    policy = document(EVERYBODY | ({"Condition": condition} if condition else {})).replace("BUCKET", bucket)
    if public:
        denied(account.admin.put_bucket_policy, "BlockPublicPolicy", Bucket=bucket, Policy=policy)
        account.admin.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": False})
    assert refused(account.admin.get_bucket_policy_status, Bucket=bucket)[0] == "NoSuchBucketPolicy"
    account.admin.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert account.admin.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    assert account.admin.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": public}
