"""Makes the requests of published decisions with boto3, as the users and roles of the examples, against a local AWS."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.localaws.iam.callers import document
from tests.localaws.iam.published import ACCOUNT, Example, Published
from tests.localaws.moto.restartable_aws import RestartableAws

NUMBERS = itertools.count()
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"  # in the examples; the stage puts a key of its own in its place
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
NEW = ("new", "made-by-shirley")  # users that the requests are to create
_NAMED = re.compile(rf"arn:aws:iam::{ACCOUNT}:(user|role|group)/([\w+=,.@-]+)")
_S3 = "arn:aws:s3:::"
_BUCKET = re.compile(r"arn:aws:s3:::([a-z0-9-]+)")
_NO_ALLOW = {"Effect": "Deny", "Action": "nothing:Here", "Resource": "*"}

Keys = Mapping[str, list[str]]
Client = Callable[[str], Any]


class Stage:
    """A local AWS in which an example's caller, bucket policy and key exist while its requests are made.

    Parameters
    ----------
    aws : RestartableAws
    root : dict
        Keys of the root user, who may take away a bucket policy that denies it to everybody else.
    """

    def __init__(self, aws: RestartableAws, root: dict[str, str]) -> None:
        self._aws = aws
        self._iam, self._s3, self._kms = aws("iam"), aws("s3"), aws("kms")
        self._root = aws("s3", **root)
        self._made: set[tuple[str, str]] = set()

    def outcomes(self, example: Example) -> list[str]:
        """What happens to each request: ``allowed``, ``explicitDeny`` or ``implicitDeny``."""
        key = self._key(example) if "key" in example.policies else KEY
        texts = {kind: text.replace(KEY, key) for kind, text in example.policies.items()}
        for kind, name in _NAMED.findall(json.dumps([texts, [asked.resource for asked in example.decisions]])):
            self._make(kind, name)
        for asked in example.decisions:
            self._make_content(asked)
        with self._caller(example, texts) as client, self._bucket_policy(texts.get("resource", "")):
            if "trust" in texts:
                self._iam.update_assume_role_policy(RoleName=_name(example.decisions[0].resource), PolicyDocument=texts["trust"])
            return [outcome(asked, client, asked.resource.replace(KEY, key)) for asked in example.decisions]

    def _key(self, example: Example) -> str:
        for kind, name in _NAMED.findall(example.policies["key"]):
            self._make(kind, name)
        arn = self._kms.create_key()["KeyMetadata"]["Arn"]
        for alias in {value for asked in example.decisions for value in asked.keys.get("kms:RequestAlias", ())}:
            self._kms.create_alias(AliasName=alias, TargetKeyId=arn)
        self._kms.put_key_policy(KeyId=arn, Policy=example.policies["key"], BypassPolicyLockoutSafetyCheck=True)
        return arn

    def _make(self, kind: str, name: str, **options: Any) -> None:
        if (kind, name) in self._made or name in NEW:
            return
        if kind == "role":
            trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
            self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **options)
        else:
            getattr(self._iam, f"create_{kind}")(**{f"{kind.title()}Name": name}, **options)
        self._made.add((kind, name))

    def _make_content(self, asked: Published) -> None:
        """The object or model of a request."""
        if asked.resource.startswith(_S3) and asked.action not in ("s3:CreateBucket", "s3:ListAllMyBuckets"):
            bucket, _, key = asked.resource.removeprefix(_S3).partition("/")
            if ("bucket", bucket) not in self._made:
                self._s3.create_bucket(Bucket=bucket)
                self._s3.delete_public_access_block(Bucket=bucket)
                self._made.add(("bucket", bucket))
            if key:
                self._s3.put_object(Bucket=bucket, Key=key, Body=b"1")
        name = _name(asked.resource)
        if ":model/" in asked.resource and ("model", name) not in self._made:
            tags = [{"Key": _name(key), "Value": value} for key, [value] in asked.keys.items()]
            self._aws("sagemaker").create_model(ModelName=name, ExecutionRoleArn=EXECUTION, PrimaryContainer={"Image": IMAGE}, Tags=tags)
            self._made.add(("model", name))

    @contextlib.contextmanager
    def _bucket_policy(self, text: str) -> Iterator[None]:
        buckets = set(_BUCKET.findall(text)) if text else set()
        for bucket in buckets:
            self._s3.put_bucket_policy(Bucket=bucket, Policy=text)
        try:
            yield
        finally:
            for bucket in buckets:
                self._root.delete_bucket_policy(Bucket=bucket)

    @contextlib.contextmanager
    def _caller(self, example: Example, texts: Mapping[str, str]) -> Iterator[Client]:
        kind, name, *session = example.caller.split("/")
        member = {f"{kind.title()}Name": name}
        if (kind, name) in self._made:
            self._delete(kind, name)
        options: dict[str, Any] = {"Tags": [{"Key": tag, "Value": str(value)} for tag, value in example.tags.items()]}
        if "boundary" in texts:
            made = self._iam.create_policy(PolicyName=f"boundary-{next(NUMBERS)}", PolicyDocument=texts["boundary"])
            options["PermissionsBoundary"] = made["Policy"]["Arn"]
        self._make(kind, name, **options)
        getattr(self._iam, f"put_{kind}_policy")(**member, PolicyName="own", PolicyDocument=texts.get("identity") or document(_NO_ALLOW))
        try:
            with self._access_key(name) if kind == "user" else self._session(name, session[0], texts) as keys:
                yield lambda service: self._aws(service, *keys)
        finally:
            getattr(self._iam, f"delete_{kind}_policy")(**member, PolicyName="own")
            self._delete(kind, name)
            self._make(kind, name)  # other policies may name it

    def _delete(self, kind: str, name: str) -> None:
        getattr(self._iam, f"delete_{kind}")(**{f"{kind.title()}Name": name})
        self._made.remove((kind, name))

    @contextlib.contextmanager
    def _access_key(self, user: str) -> Iterator[tuple[str, str]]:
        key = self._iam.create_access_key(UserName=user)["AccessKey"]
        try:
            yield key["AccessKeyId"], key["SecretAccessKey"]
        finally:
            self._iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])

    @contextlib.contextmanager
    def _session(self, role: str, name: str, texts: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        policy = {"Policy": texts["session"]} if "session" in texts else {}
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        given = self._aws("sts").assume_role(RoleArn=arn, RoleSessionName=name, **policy)["Credentials"]
        yield given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def outcome(asked: Published, client: Client, resource: str) -> str:
    """What happens to a request. One that fails later, or needs another permission, was allowed."""
    service = asked.action.partition(":")[0]
    try:
        CALLS[asked.action](client(service), resource, asked.keys)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in ("AccessDenied", "AccessDeniedException") and f"perform: {asked.action} " in message:
            return "explicitDeny" if "explicit deny" in message else "implicitDeny"
    return "allowed"


def _name(resource: str) -> str:
    return resource.rpartition("/")[2]


def _object(resource: str) -> dict[str, str]:
    bucket, _, key = resource.removeprefix(_S3).partition("/")
    return {"Bucket": bucket, "Key": key}


def _members(keys: Keys, names: Mapping[str, str]) -> dict[str, Any]:
    """The members of a request that have the values of condition keys."""
    return {member: keys[name][0] for name, member in names.items() if name in keys}


def _listing(resource: str, keys: Keys) -> dict[str, Any]:
    found = _members(keys, {"s3:prefix": "Prefix", "s3:delimiter": "Delimiter"})
    return {"Bucket": _object(resource)["Bucket"], **found, **({"MaxKeys": int(keys["s3:max-keys"][0])} if "s3:max-keys" in keys else {})}


def _put(resource: str, keys: Keys) -> dict[str, Any]:
    names = {"s3:x-amz-server-side-encryption": "ServerSideEncryption", "s3:x-amz-storage-class": "StorageClass"}
    return {**_object(resource), "Body": b"2", **_members(keys, names)}


def _bucket(resource: str, keys: Keys) -> dict[str, Any]:
    region = _members(keys, {"s3:LocationConstraint": "LocationConstraint"})
    return {"Bucket": _object(resource)["Bucket"], **({"CreateBucketConfiguration": region} if region else {})}


def _tagging(resource: str, keys: Keys) -> dict[str, Any]:
    tags = [{"Key": name, "Value": "v"} for name in keys.get("s3:RequestObjectTagKeys", ())]
    return {**_object(resource), "Tagging": {"TagSet": tags}}


def _of_key(resource: str, keys: Keys) -> dict[str, Any]:
    return {"KeyId": keys.get("kms:RequestAlias", [resource])[0]}


def _with_context(resource: str, keys: Keys) -> dict[str, Any]:
    prefix = "kms:EncryptionContext:"
    return {
        **_of_key(resource, keys),
        "EncryptionContext": {name.removeprefix(prefix): keys[name][0] for name in keys if name.startswith(prefix)},
    }


def _training(keys: Keys) -> dict[str, Any]:
    cluster = {"InstanceType": keys.get("sagemaker:InstanceTypes", ["ml.m5.large"])[0], "InstanceCount": 1, "VolumeSizeInGB": 5}
    network = {"Subnets": keys.get("sagemaker:VpcSubnets"), "SecurityGroupIds": keys.get("sagemaker:VpcSecurityGroupIds")}
    isolated = keys.get("sagemaker:NetworkIsolation")
    return {
        "TrainingJobName": f"published-{next(NUMBERS)}",
        "RoleArn": EXECUTION,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://out/out"},
        "ResourceConfig": cluster | _members(keys, {"sagemaker:VolumeKmsKey": "VolumeKmsKeyId"}),
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **({"VpcConfig": network} if network["Subnets"] else {}),
        **({"EnableNetworkIsolation": isolated == ["true"]} if isolated else {}),
    }


_TRUST = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}})
CALLS: dict[str, Callable[[Any, str, Keys], Any]] = {
    "s3:ListAllMyBuckets": lambda s3, resource, keys: s3.list_buckets(),
    "s3:ListBucket": lambda s3, resource, keys: s3.list_objects_v2(**_listing(resource, keys)),
    "s3:GetBucketLocation": lambda s3, resource, keys: s3.get_bucket_location(Bucket=_object(resource)["Bucket"]),
    "s3:GetObject": lambda s3, resource, keys: s3.get_object(**_object(resource)),
    "s3:PutObject": lambda s3, resource, keys: s3.put_object(**_put(resource, keys)),
    "s3:DeleteObject": lambda s3, resource, keys: s3.delete_object(**_object(resource)),
    "s3:CreateBucket": lambda s3, resource, keys: s3.create_bucket(**_bucket(resource, keys)),
    "s3:DeleteBucket": lambda s3, resource, keys: s3.delete_bucket(Bucket=_object(resource)["Bucket"]),
    "s3:GetObjectTagging": lambda s3, resource, keys: s3.get_object_tagging(**_object(resource)),
    "s3:PutObjectTagging": lambda s3, resource, keys: s3.put_object_tagging(**_tagging(resource, keys)),
    "iam:GetUser": lambda iam, resource, keys: iam.get_user(UserName=_name(resource)),
    "iam:ListUsers": lambda iam, resource, keys: iam.list_users(),
    "iam:CreateUser": lambda iam, resource, keys: iam.create_user(UserName=_name(resource)),
    "iam:CreatePolicy": lambda iam, resource, keys: iam.create_policy(PolicyName=_name(resource), PolicyDocument=_TRUST),
    "iam:GenerateCredentialReport": lambda iam, resource, keys: iam.generate_credential_report(),
    "iam:GetCredentialReport": lambda iam, resource, keys: iam.get_credential_report(),
    "iam:GetAccountSummary": lambda iam, resource, keys: iam.get_account_summary(),
    "iam:ListAccessKeys": lambda iam, resource, keys: iam.list_access_keys(UserName=_name(resource)),
    "iam:ListGroups": lambda iam, resource, keys: iam.list_groups(),
    "iam:ListGroupsForUser": lambda iam, resource, keys: iam.list_groups_for_user(UserName=_name(resource)),
    "iam:GetGroup": lambda iam, resource, keys: iam.get_group(GroupName=_name(resource)),
    "iam:PutGroupPolicy": lambda iam, resource, keys: iam.put_group_policy(
        GroupName=_name(resource), PolicyName="p", PolicyDocument=document(_NO_ALLOW)
    ),
    "sts:AssumeRole": lambda sts, resource, keys: sts.assume_role(
        RoleArn=resource, RoleSessionName="s1", **_members(keys, {"sts:ExternalId": "ExternalId"})
    ),
    "kms:Encrypt": lambda kms, resource, keys: kms.encrypt(Plaintext=b"1", **_with_context(resource, keys)),
    "kms:GenerateDataKey": lambda kms, resource, keys: kms.generate_data_key(KeySpec="AES_256", **_with_context(resource, keys)),
    "kms:DescribeKey": lambda kms, resource, keys: kms.describe_key(**_of_key(resource, keys)),
    "kms:GetKeyPolicy": lambda kms, resource, keys: kms.get_key_policy(**_of_key(resource, keys)),
    "kms:ListGrants": lambda kms, resource, keys: kms.list_grants(**_of_key(resource, keys)),
    "kms:DisableKey": lambda kms, resource, keys: kms.disable_key(**_of_key(resource, keys)),
    "kms:ScheduleKeyDeletion": lambda kms, resource, keys: kms.schedule_key_deletion(**_of_key(resource, keys)),
    "kms:ListKeys": lambda kms, resource, keys: kms.list_keys(),
    "kms:ListAliases": lambda kms, resource, keys: kms.list_aliases(),
    "kms:CreateKey": lambda kms, resource, keys: kms.create_key(
        BypassPolicyLockoutSafetyCheck="kms:BypassPolicyLockoutSafetyCheck" in keys
    ),
    "sagemaker:ListModels": lambda sagemaker, resource, keys: sagemaker.list_models(),
    "sagemaker:DescribeModel": lambda sagemaker, resource, keys: sagemaker.describe_model(ModelName=_name(resource)),
    "sagemaker:AddTags": lambda sagemaker, resource, keys: sagemaker.add_tags(ResourceArn=resource, Tags=[{"Key": "a", "Value": "b"}]),
    # A caller without iam:PassRole: that SageMaker asks for it next shows that the job itself was allowed.
    "sagemaker:CreateTrainingJob": lambda sagemaker, resource, keys: sagemaker.create_training_job(**_training(keys)),
}
