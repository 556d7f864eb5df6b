"""A training job that runs with the learner's policy, and the calls that this policy must not allow (m13_1_ex1)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report
from course.grading.jobs import ended
from course.grading.short_repr import cut

from .m13_1_policies import allows, written
from .m13_1_world import World, refused

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
LONGEST, SAID = 120, 400  # seconds, characters
FOLDERS = ("flights", "records", "departures", "traffic")
GROUP = "/aws/sagemaker/TrainingJobs"


def drawn_job(rng: random.Random, world: World) -> dict[str, str]:
    """A job in a bucket of its own."""
    return {
        "region": world.region,
        "account": world.account,
        "bucket": world.bucket("m13-data"),
        "data": f"{rng.choice(FOLDERS)}/{rng.randint(2013, 2030)}",
        "models": f"{rng.choice(('models', 'artifacts', 'trained'))}/{rng.choice(('late', 'delay', 'arrival'))}",
        "key": world.key(),
    }


def judge_job(answer: Answer, report: Report) -> None:
    """Run the job as the learner's role, then what it must not do; reports the parts ``job``, ``refused`` and ``logs``."""
    with World(answer) as world:
        job = drawn_job(answer.rng, world)
        text = written(answer, "job_policy", job)
        rows = "\n".join(f"{answer.rng.randint(0, 1)},{answer.rng.randint(1, 12)},{answer.rng.random():.3f}" for _ in range(60))
        world.put(job["bucket"], f"{job['data']}/part.csv", rows.encode(), job["key"])
        role = world.role("m13-trainer", text)
        problem = _trained(answer, world, job, role)
        report.part("job", not problem, problem or "The job ran as your role, and its model is in S3.")
        if problem:
            report.part("refused", False, "Judged once the job works.")
        else:
            report.doing("sends the calls that the role must not make")
            _judge_refused(report, world, job, role)
        _judge_logs(answer, report, job, text)


def _trained(answer: Answer, world: World, job: dict, role: str) -> str:
    """Why the training job of a role does not complete; ``""`` if it does."""
    sagemaker, name = answer.client("sagemaker"), world.named("m13-job")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{job['bucket']}/{job['data']}/"}
    request: dict[str, Any] = {
        "TrainingJobName": name,
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"objective": "binary:logistic", "num_round": "2"},
        "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{job['bucket']}/{job['models']}/", "KmsKeyId": job["key"]},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    try:
        sagemaker.create_training_job(**request)
    except ClientError as error:
        return f"SageMaker does not start the job as your role: {cut(error.response['Error']['Message'], SAID)}"
    described = ended(sagemaker, "training", name, LONGEST)
    if described["TrainingJobStatus"] == "Completed":
        return ""
    return f"As your role the job ends as {described['TrainingJobStatus']}: {cut(described.get('FailureReason', ''), SAID)}"


def _judge_refused(report: Report, world: World, job: dict, role: str) -> None:
    calls = list(_forbidden(world, job, role))
    through = [said for said, allowed in calls if allowed]
    share = 1 - len(through) / len(calls)
    said = f"{len(calls) - len(through)} of {len(calls)} calls were refused."
    if through:
        said += f" Your role could {'; '.join(through[:3])}{'; and more' if len(through) > 3 else ''}."
    report.part("refused", max(0.0, 2 * share - 1), said)


def _forbidden(world: World, job: dict, role: str) -> Iterator[tuple[str, bool]]:
    """What the role must not do, in words, and whether it can."""
    bucket, data, models, key = job["bucket"], job["data"], job["models"], job["key"]
    other, foreign = world.key(), world.bucket("m13-other")
    world.put(bucket, f"{data}-raw/part.csv", key=key)
    world.put(bucket, f"{models}/old.tar.gz", key=key)
    world.put(bucket, f"{data}/other.csv", key=other)
    world.put(foreign, f"{data}/part.csv", key=key)
    client = world.session(role)
    s3, kms, sagemaker = client("s3"), client("kms"), client("sagemaker")
    under = {"Bucket": bucket, "Body": b"1", "ServerSideEncryption": "aws:kms"}
    yield "read a folder whose name begins like that of the data", not refused(s3.get_object, Bucket=bucket, Key=f"{data}-raw/part.csv")
    yield "read models", not refused(s3.get_object, Bucket=bucket, Key=f"{models}/old.tar.gz")
    yield "read another bucket", not refused(s3.get_object, Bucket=foreign, Key=f"{data}/part.csv")
    yield "list all keys of the bucket", not refused(s3.list_objects_v2, Bucket=bucket)
    yield "list the keys of the models", not refused(s3.list_objects_v2, Bucket=bucket, Prefix=f"{models}/")
    yield "list a folder whose name begins like that of the data", not refused(s3.list_objects_v2, Bucket=bucket, Prefix=f"{data}-raw/")
    yield "list another bucket", not refused(s3.list_objects_v2, Bucket=foreign, Prefix=f"{data}/")
    yield "write into the data", not refused(s3.put_object, Key=f"{data}/new.csv", SSEKMSKeyId=key, **under)
    yield (
        "write into a folder whose name begins like that of the models",
        not refused(s3.put_object, Key=f"{models}-2/a", SSEKMSKeyId=key, **under),
    )
    yield "write a model under another key", not refused(s3.put_object, Key=f"{models}/a", SSEKMSKeyId=other, **under)
    yield "read data under another key", not refused(s3.get_object, Bucket=bucket, Key=f"{data}/other.csv")
    yield "delete data", not refused(s3.delete_object, Bucket=bucket, Key=f"{data}/part.csv")
    yield "delete a model", not refused(s3.delete_object, Bucket=bucket, Key=f"{models}/old.tar.gz")
    yield "use the key directly, without S3", not refused(kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    yield "disable the key", not refused(kms.disable_key, KeyId=key)
    yield "list SageMaker's models", not refused(sagemaker.list_models)


def _judge_logs(answer: Answer, report: Report, job: dict, text: str) -> None:
    iam, groups = answer.client("iam"), f"arn:aws:logs:{job['region']}:{job['account']}:log-group"
    own, other = (f"{groups}:{group}:log-stream:job-1/algo-1" for group in (GROUP, "/aws/sagemaker/Endpoints/late"))
    writing = ("logs:CreateLogStream", "logs:PutLogEvents")
    missing = [action for action in writing if not allows(iam, text, action, own)]
    extra = [f"{action} in another log group" for action in writing if allows(iam, text, action, other)]
    extra += [action for action in ("logs:DeleteLogStream", "logs:GetLogEvents") if allows(iam, text, action, own)]
    said = [f"The simulator denies {', '.join(missing)} in {GROUP}."] if missing else []
    said += [f"It allows {', '.join(extra)}."] if extra else []
    report.part("logs", not said, " ".join(said) or "Logs: what is needed, and no more.")
