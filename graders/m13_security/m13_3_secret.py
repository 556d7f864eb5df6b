"""Jobs whose requests have a key in them, run again after the learner has hidden it (m13_3_ex4)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer, Report
from course.grading.jobs import ended, log_streams
from course.grading.short_repr import cut

from .m13_1_world import World, document, refused
from .m13_2_networks import IMAGE

CODE, OUT = "/opt/ml/processing/code", "/opt/ml/processing/output"
LONGEST, SAID = 120, 400  # seconds, characters
CHANGES = ("Environment", "AppSpecification")
WORK = {"Effect": "Allow", "Action": ["s3:*", "logs:*", "ecr:*", "cloudwatch:PutMetricData"], "Resource": "*"}
# What the jobs do: sign the question to a weather service with its key.
PROGRAM = f"""
import argparse, hashlib, hmac, os, pathlib
import boto3

parser = argparse.ArgumentParser()
parser.add_argument("--day", required=True)
day = parser.parse_known_args()[0].day
secret = os.environ["WEATHER_SECRET"]
key = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
question = (os.environ["STATION"] + " " + day).encode()
signature = hmac.new(key.encode(), question, hashlib.sha256).hexdigest()
pathlib.Path("{OUT}/signature.txt").write_text(signature)
"""


@dataclass(frozen=True)
class Team:
    """A team's job: its key, its role, the request that has the key, and what its program asks."""

    key: str
    role: str
    request: dict[str, Any]
    question: str


def judge_hidden_keys(answer: Answer, report: Report) -> None:
    """Run the jobs of two teams by the requests that the learner returns; reports all parts of m13_3_ex4."""
    with World(answer) as world:
        bucket = world.bucket("m13-weather")
        world.put(bucket, "code/ask.py", PROGRAM.encode())
        twice = answer.rng.random() < 0.5
        teams = [_drawn_team(answer, world, bucket, name, (name == "a") == twice) for name in "ab"]
        made = [_hidden(answer, world, team) for team in teams]
        problems = [_changed(team, request) or _started(answer, request) for team, request in zip(teams, made, strict=True)]
        report.doing("waits for the jobs of two teams")
        problems = [said or _run(answer, bucket, team) for said, team in zip(problems, teams, strict=True)]
        if not report.part("runs", not any(problems), next(filter(None, problems), "Both jobs ran with their keys.")):
            for name in ("hidden", "rights"):
                report.part(name, False, "Judged once both jobs run.")
            return
        shown = [said for team in teams for said in _shown(answer, team)]
        report.part("hidden", not shown, shown[0] if shown else "The descriptions of the jobs do not have the keys.")
        report.doing("tries what the roles can do in Secrets Manager")
        wide = list(
            dict.fromkeys(said for team, request in zip(teams, made, strict=True) for said in _rights(answer, world, team, request))
        )
        report.part("rights", not wide, f"{'; '.join(wide[:3])}." if wide else "Each role reads its own secret, and no more.")


def _drawn_team(answer: Answer, world: World, bucket: str, name: str, twice: bool) -> Team:
    """A team whose request has the key once, or twice: the second time as an argument."""
    key, station = f"{answer.rng.getrandbits(120):030x}", answer.rng.choice(("EWR", "JFK", "LGA"))
    day = f"2013-{answer.rng.randint(1, 12):02}-{answer.rng.randint(1, 28):02}"
    role = world.role(f"m13-weather-{name}", document(WORK), Path="/service-role/")  # as SageMaker's console makes roles
    world.callback(_stripped, answer.client("iam"), role)
    source = {"S3Uri": f"s3://{bucket}/code/", "LocalPath": CODE, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    place = {"S3Uri": f"s3://{bucket}/{name}/", "LocalPath": OUT, "S3UploadMode": "EndOfJob"}
    arguments = [f"--day={day}", *([f"--key={key}"] if twice else [])]
    request = {
        "ProcessingJobName": world.named(f"m13-ask-{name}"),
        "RoleArn": role,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", f"{CODE}/ask.py"],
            "ContainerArguments": arguments,
        },
        "Environment": {"STATION": station, "WEATHER_KEY": key},
        "ProcessingInputs": [{"InputName": "code", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "signature", "S3Output": place}]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    }
    return Team(key, role, request, f"{station} {day}")


def _stripped(iam: Any, role: str) -> None:
    """Take from a role what a learner gave it: a role with policies cannot be deleted."""
    named = {"RoleName": role.rpartition("/")[2]}
    for policy in iam.list_role_policies(**named)["PolicyNames"]:
        if policy != "own":
            iam.delete_role_policy(**named, PolicyName=policy)
    for attached in iam.list_attached_role_policies(**named)["AttachedPolicies"]:
        iam.detach_role_policy(**named, PolicyArn=attached["PolicyArn"])
        with contextlib.suppress(ClientError):  # AWS's own policies stay
            iam.delete_policy(PolicyArn=attached["PolicyArn"])
    with contextlib.suppress(ClientError):
        iam.put_role_policy(**named, PolicyName="own", PolicyDocument=document(WORK))


def _hidden(answer: Answer, world: World, team: Team) -> dict:
    """The learner's request for a team's job."""
    manager = answer.client("secretsmanager")
    world.callback(_forget, manager, team.key)
    return answer.call("hide", team.request)


def _forget(manager: Any, key: str) -> None:
    """Delete the secrets that have a key in their value."""
    for page in manager.get_paginator("list_secrets").paginate():
        for each in page["SecretList"]:
            with contextlib.suppress(ClientError):
                if key in manager.get_secret_value(SecretId=each["ARN"]).get("SecretString", ""):
                    manager.delete_secret(SecretId=each["ARN"], ForceDeleteWithoutRecovery=True)


def _changed(team: Team, made: dict) -> str:
    """What is wrong with a request before it is sent; ``""`` if nothing is."""
    other = sorted(str(name) for name in {*team.request, *made} if name not in CHANGES and team.request.get(name) != made.get(name))
    if other:
        return f"`{other[0]}` of the request is not as it was; only Environment and ContainerArguments may change."
    environment = made.get("Environment")
    if not isinstance(environment, dict) or not isinstance(environment.get("WEATHER_SECRET"), str):
        return "The request's Environment has no `WEATHER_SECRET` with a text, so the program finds no secret."
    return ""


def _started(answer: Answer, request: dict) -> str:
    try:
        answer.client("sagemaker").create_processing_job(**request)
    except ClientError as error:
        return f"SageMaker does not start the job: {cut(error.response['Error']['Message'], SAID)}"
    except ParamValidationError as error:
        return f"The request cannot be sent: {cut(str(error), SAID)}"
    return ""


def _run(answer: Answer, bucket: str, team: Team) -> str:
    """Why a team's job did not do its work; ``""`` if it did."""
    job = ended(answer.client("sagemaker"), "processing", team.request["ProcessingJobName"], LONGEST)
    if job["ProcessingJobStatus"] != "Completed":
        return f"A job ends as {job['ProcessingJobStatus']}: {cut(_last_line(answer, job), SAID)}"
    folder = team.request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].removeprefix(f"s3://{bucket}/")
    signed = answer.client("s3").get_object(Bucket=bucket, Key=f"{folder}signature.txt")["Body"].read().decode()
    if signed == hmac.new(team.key.encode(), team.question.encode(), hashlib.sha256).hexdigest():
        return ""
    return "A job ran, but signed with another key than its team's: the value of its secret is not the team's key alone."


def _last_line(answer: Answer, job: dict) -> str:
    """The last line of a job's log, or why SageMaker says that it failed."""
    with contextlib.suppress(ClientError):
        streams = log_streams(answer.client("logs"), "processing", job["ProcessingJobName"])
        if lines := [line for stream in streams.values() for line in stream if line.strip()]:
            return f"its log ends with {lines[-1]}"
    return job.get("FailureReason", "")


def _shown(answer: Answer, team: Team) -> Iterator[str]:
    """Where the description of a team's job has its key, as it is or encoded."""
    job = answer.client("sagemaker").describe_processing_job(ProcessingJobName=team.request["ProcessingJobName"])
    forms = {team.key, team.key[::-1], base64.b64encode(team.key.encode()).decode(), team.key.encode().hex()}
    places = {"its environment": job.get("Environment"), "its arguments": job["AppSpecification"].get("ContainerArguments")}
    for place, value in (*places.items(), ("", job)):
        if any(form in json.dumps(value, default=str) for form in forms):
            yield f"The description of a job shows the key in {place}." if place else "The description of a job shows the key."
            return


def _rights(answer: Answer, world: World, team: Team, made: dict) -> Iterator[str]:
    """What a team's role, or a stranger, can do and should not."""
    manager, secret = answer.client("secretsmanager"), made["Environment"]["WEATHER_SECRET"]
    name = manager.describe_secret(SecretId=secret)["Name"]
    others = {"another secret": world.named("m13-other-secret"), "a secret whose name begins like that of its own": f"{name}-old"}
    reader = world.session(team.role)("secretsmanager")
    for said, other in others.items():
        with contextlib.ExitStack() as made_here:
            arn = manager.create_secret(Name=other, SecretString="other")["ARN"]
            made_here.callback(manager.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)
            if not refused(reader.get_secret_value, SecretId=arn):
                yield f"The role of a job reads {said}"
    stranger = world.session(world.role(f"m13-stranger-{answer.token()}", document(WORK)))
    if not refused(stranger("secretsmanager").get_secret_value, SecretId=secret):
        yield "A role of another team reads the secret"
    if not refused(reader.list_secrets):
        yield "The role of a job lists the account's secrets"
    if not refused(reader.put_secret_value, SecretId=secret, SecretString="other"):
        yield "The role of a job replaces the value of its secret"
    elif not refused(reader.delete_secret, SecretId=secret, RecoveryWindowInDays=7):
        yield "The role of a job deletes its secret"
