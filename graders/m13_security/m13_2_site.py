"""A place for health data, built by the learner's documents, and requests of others to it (m13_2_ex4)."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer, Report
from course.grading.jobs import ended
from course.grading.short_repr import cut

from .m13_1_job import IMAGE
from .m13_1_policies import allows, as_identity, as_limit
from .m13_1_world import Client, World, document, refused
from .m13_2_network import Vpc
from .m13_2_networks import UNRUN

KINDS = {"public_access_block": dict, "bucket_policy": dict, "key_policy": dict, "endpoint_policy": dict, "job": dict}
JOB = ("VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "OutputDataConfig")
PARTS = ("readers", "transport", "public", "key", "endpoint", "job")
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
OPEN = "not all settings that S3 has against public access are on"
WIDE = {"Effect": "Allow", "Action": ["s3:*", "kms:*", "logs:*", "ec2:*"], "Resource": "*"}
LONGEST, SAID = 120, 400  # seconds, characters


class Site(Vpc):
    """A VPC whose jobs may send HTTPS out, with an S3 endpoint that has no policy yet."""

    def _build(self) -> None:
        super()._build()
        self.https_out()
        request = {"ServiceName": f"com.amazonaws.{self.region}.s3", "VpcEndpointType": "Gateway"}
        self.words["endpoint"] = self.endpoint(request | {"RouteTableIds": [self.words["private_table"]]})

    def limit(self, policy: str) -> None:
        """Give the endpoint a policy."""
        self._ec2.modify_vpc_endpoint(VpcEndpointId=self.words["endpoint"], PolicyDocument=policy)


def judge_design(answer: Answer, report: Report) -> None:
    """Build what the learner's function returns, run the job, and send the requests of others; reports all parts."""
    with World(answer) as world:
        site, network = _drawn_site(answer.rng, world, answer)
        made = answer.call("design", site)
        problem = _form(made) or _built(answer, site, network, made)
        report.doing("runs a training job in your place for health data")
        problem = problem or _trained(answer, world, site, made["job"])
        report.part("runs", not problem, problem or "The job ran, and its model is in S3.")
        for name in PARTS if problem else ():
            report.part(name, False, "Judged once the job runs.")
        if not problem:
            report.doing("sends the requests of others")
            _judge_requirements(answer, report, world, site, made)


def _drawn_site(rng: random.Random, world: World, answer: Answer) -> tuple[dict[str, str], Site]:
    """The names that the learner's function gets, and the VPC."""
    s3, bucket = answer.client("s3"), world.bucket("m13-health")
    admin_role = world.role("m13-admin", document(WIDE))
    admin = world.session(admin_role)
    key = answer.client("kms").create_key(Description=world.named("m13_2"))["KeyMetadata"]["Arn"]
    world.callback(_deleted, answer, admin, key)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    folder = rng.choice(("patients", "claims", "visits"))
    rows = "\n".join(f"{rng.randint(0, 1)},{rng.randint(1, 12)},{rng.random():.3f}" for _ in range(60))
    s3.put_object(Bucket=bucket, Key=f"{folder}/part.csv", Body=rows.encode())
    network = world.enter_context(Site(answer.client, world.named))
    words = network.words
    site = {"region": world.region, "account": world.account, "bucket": bucket, "data": folder, "models": f"models-{rng.randint(10, 99)}"}
    site |= {"key": key, "endpoint": words["endpoint"], "subnet": words["private_subnet"], "group": words["jobs"]}
    return site | {"job_role": world.role("m13-trainer", document(WIDE)), "admin_role": admin_role}, network


def _deleted(answer: Answer, admin: Client, key: str) -> None:
    """Delete a key whose policy may name the account, or only its administrator, who first leaves it to the account again."""
    account = key.split(":")[4]
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    with contextlib.suppress(ClientError):
        admin("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(statement))
    with contextlib.suppress(ClientError):
        answer.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def _form(made: dict) -> str:
    if set(made) != set(KINDS):
        return f"The result has the members {', '.join(sorted(map(str, made)))}; expected {', '.join(KINDS)}."
    wrong = [name for name, kind in KINDS.items() if not isinstance(made[name], kind)]
    if wrong:
        return f"`{wrong[0]}` is {cut(repr(made[wrong[0]]), SAID)}; expected a dict."
    policies = [name for name in KINDS if name.endswith("policy") and not _statements(made[name])]
    if policies:
        return f"`{policies[0]}` is no policy: its Statement is a list of dicts."
    other = set(made["job"]) - set(JOB)
    return f"`job` has {', '.join(sorted(map(str, other)))}; expected only {', '.join(JOB)}." if other else ""


def _statements(policy: dict) -> bool:
    found = policy.get("Statement")
    return isinstance(found, list) and bool(found) and all(isinstance(each, dict) for each in found)


def _built(answer: Answer, site: dict, network: Site, made: dict) -> str:
    """Give the bucket, the key and the endpoint the learner's documents; why AWS does not take them."""
    s3, named = answer.client("s3"), {"Bucket": site["bucket"]}
    steps: dict[str, Callable[[], Any]] = {
        "public_access_block": lambda: s3.put_public_access_block(**named, PublicAccessBlockConfiguration=made["public_access_block"]),
        "endpoint_policy": lambda: network.limit(json.dumps(made["endpoint_policy"])),
        "bucket_policy": lambda: s3.put_bucket_policy(**named, Policy=json.dumps(made["bucket_policy"])),
        "key_policy": lambda: answer.client("kms").put_key_policy(
            KeyId=site["key"], PolicyName="default", Policy=json.dumps(made["key_policy"]), BypassPolicyLockoutSafetyCheck=True
        ),
    }
    for name, step in steps.items():
        try:
            step()
        except ClientError as error:
            return f"AWS does not take `{name}`: {cut(error.response['Error']['Message'], SAID)}"
        except (ParamValidationError, TypeError, ValueError) as error:
            return f"`{name}` cannot be sent: {cut(str(error), SAID)}"
    return ""


def _trained(answer: Answer, world: World, site: dict, job: dict) -> str:
    """Why the training job does not complete; ``""`` if it does."""
    sagemaker, name = answer.client("sagemaker"), world.named("m13-health-job")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{site['bucket']}/{site['data']}/"}
    output = job.get("OutputDataConfig", {})
    if not isinstance(output, dict):
        return f"`OutputDataConfig` is {cut(repr(output), SAID)}; expected a dict."
    request: dict[str, Any] = job | {
        "TrainingJobName": name,
        "RoleArn": site["job_role"],
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"objective": "binary:logistic", "num_round": "2"},
        "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": output | {"S3OutputPath": f"s3://{site['bucket']}/{site['models']}/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    try:
        sagemaker.create_training_job(**request)
    except ClientError as error:
        said = error.response["Error"]["Message"]
        return "" if UNRUN in said else f"SageMaker does not start the job: {cut(said, SAID)}"
    except ParamValidationError as error:
        return f"`job` cannot be sent: {cut(str(error), SAID)}"
    described = ended(sagemaker, "training", name, LONGEST)
    if described["TrainingJobStatus"] == "Completed":
        return ""
    return f"The job ends as {described['TrainingJobStatus']}: {cut(described.get('FailureReason', ''), SAID)}"


def _judge_requirements(answer: Answer, report: Report, world: World, site: dict, made: dict) -> None:
    admin, job = world.session(site["admin_role"]), world.session(site["job_role"])
    found = {
        "readers": list(_readers(answer, admin, job, site, made)),
        "transport": list(_transport(answer, site, made)),
        "public": [] if all(made["public_access_block"].get(name) is True for name in BLOCKS) else [OPEN],
        "key": list(_key(admin("kms"), job("kms"), site["key"], made["key_policy"])),
        "endpoint": list(_endpoint(answer, site, made)),
        "job": list(_job(made["job"], site)),
    }
    for name, problems in found.items():
        report.part(name, not problems, f"Not met: {'; '.join(problems[:3])}." if problems else "The requirement is met.")


def _readers(answer: Answer, admin: Client, job: Client, site: dict, made: dict) -> Iterator[str]:
    place = {"Bucket": site["bucket"], "Key": f"{site['data']}/part.csv"}
    if not refused(job("s3").get_object, **place):
        yield "the job's role read an object from outside the VPC"
    text, where = as_identity(made["bucket_policy"]["Statement"]), f"arn:aws:s3:::{place['Bucket']}/{place['Key']}"
    secure = {"aws:SecureTransport": "true", "aws:SourceVpce": site["endpoint"]}
    if allows(answer.client("iam"), text, "s3:GetObject", where, secure | {"aws:PrincipalArn": site["admin_role"]}):
        yield "the bucket's policy lets another role read through the endpoint"
    if not refused(admin("s3").get_object, **place):
        yield "the administrator read an object"


def _transport(answer: Answer, site: dict, made: dict) -> Iterator[str]:
    text, arn = as_identity(made["bucket_policy"]["Statement"]), f"arn:aws:s3:::{site['bucket']}"
    plain = {"aws:SourceVpce": site["endpoint"], "aws:PrincipalArn": site["job_role"], "aws:SecureTransport": "false"}
    calls = {"s3:GetObject": f"{arn}/{site['data']}/a", "s3:PutObject": f"{arn}/{site['models']}/a", "s3:ListBucket": arn}
    for action, where in calls.items():
        if allows(answer.client("iam"), text, action, where, plain):
            yield f"{action} without TLS passes"


def _key(admin: Any, job: Any, key: str, policy: dict) -> Iterator[str]:
    again = {"KeyId": key, "PolicyName": "default", "Policy": json.dumps(policy), "BypassPolicyLockoutSafetyCheck": True}
    if refused(admin.describe_key, KeyId=key) or refused(admin.put_key_policy, **again):
        yield "the administrator cannot describe the key or replace its policy"
    if not refused(admin.generate_data_key, KeyId=key, KeySpec="AES_256"):
        yield "the administrator used the key"
    if not refused(job.generate_data_key, KeyId=key, KeySpec="AES_256"):
        yield "the job's role used the key directly, without S3"
    if not refused(job.disable_key, KeyId=key):
        yield "the job's role disabled the key"
    # Last, because the policies let nobody cancel it. What is judged afterwards does not use the key.
    if refused(admin.schedule_key_deletion, KeyId=key, PendingWindowInDays=7):
        yield "the administrator cannot delete the key"


def _endpoint(answer: Answer, site: dict, made: dict) -> Iterator[str]:
    text = as_limit(made["endpoint_policy"]["Statement"])
    for action, said in {"s3:PutObject": "written to", "s3:GetObject": "read from"}.items():
        for bucket in ("elsewhere", f"{site['bucket']}-2"):
            if allows(answer.client("iam"), text, action, f"arn:aws:s3:::{bucket}/{site['data']}/a"):
                yield f"through the endpoint an object of another bucket can be {said}"
                break


def _job(job: dict, site: dict) -> Iterator[str]:
    if job.get("EnableNetworkIsolation") is not True:
        yield "the job's program has a network"
    if job.get("EnableInterContainerTrafficEncryption") is not True:
        yield "traffic between the job's instances is not encrypted"
    if job.get("OutputDataConfig", {}).get("KmsKeyId") != site["key"]:
        yield "the job does not say under which key its model is stored"
    if job.get("VpcConfig", {}).get("Subnets") != [site["subnet"]]:
        yield "the job is not in the VPC"
