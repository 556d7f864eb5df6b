"""Requests of a data scientist with the learner's policy: needed ones, and ones to refuse (m13_1_ex2)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from course.grading import Answer, Report
from course.grading.scoring import guard_share

from .m13_1_job import IMAGE
from .m13_1_policies import allows, written
from .m13_1_world import Client, World, document, refused

TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge")
PROJECTS = ("late-flights", "arrivals", "cancelled", "taxi-times")
LARGE = ("ml.m5.24xlarge", "ml.p4d.24xlarge", "ml.c5.18xlarge")


def drawn_team(rng: random.Random, world: World) -> dict[str, Any]:
    """A team with a role for its jobs, which may create the grant for their volumes."""
    key = world.key()
    grant = document({"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*"})
    return {
        "region": world.region,
        "account": world.account,
        "project": rng.choice(PROJECTS),
        "instances": sorted(rng.sample(TYPES, 2)),
        "key": key,
        "role": world.role("m13-jobs", grant),
    }


def judge_person(answer: Answer, report: Report, part: str) -> None:
    """Report one part: the share of requests that must be refused and are, less the share of needed ones that are refused."""
    with World(answer) as world:
        team = drawn_team(answer.rng, world)
        text = written(answer, "scientist_policy", team)
        client = world.session(world.role("m13-person", text))
        report.doing("sends requests as the data scientist")
        needed = [(said, not let) for said, let in _needed(client, team)]
        wanted = list(_unwanted(answer, world, client, team, text))
    shut = [said for said, denied in needed if denied]
    opened = [said for said, let in wanted if let]
    share = guard_share([not let for _, let in wanted], [denied for _, denied in needed])
    said = (
        f"{len(wanted) - len(opened)} of {len(wanted)} other requests were refused, and so were {len(shut)} of {len(needed)} needed ones."
    )
    if shut:
        said += f" Refused by mistake: {shut[0]}."
    if opened:
        said += f" Allowed by mistake: {'; '.join(opened[:2])}{'; and more' if len(opened) > 2 else ''}."
    report.part(part, share == 1 if part == "practice" else share, said)


def _job(team: dict, **resources: Any) -> dict[str, Any]:
    """A request that, once IAM lets it pass, fails because its data does not exist: it starts nothing."""
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://no-such-bucket-of-m13/none/"}
    return {
        "TrainingJobName": f"{team['project']}-job-1",
        "RoleArn": team["role"],
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": "s3://no-such-bucket-of-m13/models/"},
        "ResourceConfig": {
            "InstanceType": team["instances"][0],
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
            "VolumeKmsKeyId": team["key"],
            **resources,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def _groups(team: dict, *types: str) -> dict[str, Any]:
    """A job whose instances are of several types."""
    request = _job(team)
    groups = [{"InstanceType": each, "InstanceCount": 1, "InstanceGroupName": f"group-{number}"} for number, each in enumerate(types)]
    request["ResourceConfig"] = {"InstanceGroups": groups, "VolumeSizeInGB": 5, "VolumeKmsKeyId": team["key"]}
    return request


def _needed(client: Client, team: dict) -> Iterator[tuple[str, bool]]:
    sagemaker = client("sagemaker")
    for each in team["instances"]:
        yield f"a training job on {each}", not refused(sagemaker.create_training_job, **_job(team, InstanceType=each))
    yield "a job with instances of both types", not refused(sagemaker.create_training_job, **_groups(team, *team["instances"]))
    named = {"TrainingJobName": f"{team['project']}-job-7"}
    yield "to describe a job of the project", not refused(sagemaker.describe_training_job, **named)
    yield "to stop a job of the project", not refused(sagemaker.stop_training_job, **named)


def _unwanted(answer: Answer, world: World, client: Client, team: dict, text: str) -> Iterator[tuple[str, bool]]:
    iam, sagemaker, create = answer.client("iam"), client("sagemaker"), client("sagemaker").create_training_job
    grant = document({"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*"})
    others = {"another role": world.role("m13-other", grant), "a role whose name begins in the same way": world.role("m13-jobs-2", grant)}
    longer = f"{team['instances'][0].rpartition('.')[0]}.4xlarge"
    other_key, large = world.key(), answer.rng.choice(LARGE)
    yield f"a job on {large}", not refused(create, **_job(team, InstanceType=large))
    yield "a larger instance of the same family", not refused(create, **_job(team, InstanceType=longer))
    yield "a job with instances of which one is too large", not refused(create, **_groups(team, team["instances"][0], large))
    plain = _job(team)
    del plain["ResourceConfig"]["VolumeKmsKeyId"]
    yield "a volume without a key", not refused(create, **plain)
    yield "a volume under another key", not refused(create, **_job(team, VolumeKmsKeyId=other_key))
    for said, role in others.items():
        yield f"a job as {said}", not refused(create, **_job(team) | {"RoleArn": role})
    yield "a job of another project", not refused(create, **_job(team) | {"TrainingJobName": "other-job-1"})
    yield (
        "a job of a project whose name begins in the same way",
        not refused(create, **_job(team) | {"TrainingJobName": f"{team['project']}2-job-1"}),
    )
    yield "to stop a job of another project", not refused(sagemaker.stop_training_job, TrainingJobName="other-job-1")
    yield "to delete a model", not refused(sagemaker.delete_model, ModelName=f"{team['project']}-model")
    yield "to create a model", not refused(sagemaker.create_model, ModelName=f"{team['project']}-model", ExecutionRoleArn=team["role"])
    yield "to list all training jobs", not refused(sagemaker.list_training_jobs)
    yield "to pass the role to Lambda", allows(iam, text, "iam:PassRole", team["role"], {"iam:PassedToService": "lambda.amazonaws.com"})
