"""A job on Spot instances: its request, what its program finds of an interrupted job, and what checkpoints cost (m14_2_ex1)."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass

from botocore.exceptions import ClientError, ParamValidationError

from course.cleanup import delete_bucket
from course.grading import Answer, Report, model_archives
from course.grading.jobs import ended, sagemaker_role

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"  # AWS's registry of scikit-learn in us-east-1
# Stores what it finds where checkpoints are by default, and its hyperparameters.
SCRIPT = """
import json, pathlib
opt = pathlib.Path("/opt/ml")
found = sorted(each.name for each in (opt / "checkpoints").glob("*"))
(opt / "model" / "seen.json").write_text(json.dumps(found))
"""
CHANGED = {"EnableManagedSpotTraining", "StoppingCondition", "CheckpointConfig", "HyperParameters"}
FOLDER = "/opt/ml/checkpoints"  # the default of LocalPath
ENOUGH, NEARLY = 0.1, 0.3  # how much more than the best distance loses: full, some
NOTHING = 1e-4  # of the work: a loss that nobody sees
LARGEST = 700  # of an exponent: more is infinite for a float


@dataclass(frozen=True)
class SpotJob:
    """A job of ``rounds``; the other numbers are in seconds."""

    rounds: int
    round_seconds: float
    save_seconds: float
    lifetime: float

    @property
    def work(self) -> float:
        return self.rounds * self.round_seconds

    def billed(self, every: int) -> float:
        """The expected seconds with a checkpoint every so many rounds.

        Lifetimes are exponential, so what must run for ``c`` seconds without an interruption takes ``(exp(c / lifetime) - 1) * lifetime``
        seconds on average, all tries included.
        """
        saved = (self.rounds - 1) // every
        last = (self.rounds - saved * every) * self.round_seconds
        return saved * self._tried(every * self.round_seconds + self.save_seconds) + self._tried(last)

    def _tried(self, seconds: float) -> float:
        return math.expm1(min(seconds / self.lifetime, LARGEST)) * self.lifetime

    def facts(self, folder: str, wait_hours: float) -> dict:
        """What the learner's function is given."""
        numbers = {name: getattr(self, name) for name in ("rounds", "round_seconds", "save_seconds", "lifetime")}
        return numbers | {"wait_hours": wait_hours, "checkpoints": f"{folder}/checkpoints/"}


EXAMPLES = (
    SpotJob(1000, 10.0, 50.0, 7200.0),
    SpotJob(6000, 2.0, 0.0, 5400.0),
    SpotJob(400, 30.0, 120.0, 3600.0),
    SpotJob(300, 5.0, 20.0, 4_000_000.0),
)


def base(job: SpotJob, name: str, role: str, folder: str) -> dict:
    """The request of a job on demand, with members that must stay."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/code/"}
    return {
        "TrainingJobName": name,
        "RoleArn": role,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/train.py"],
        },
        "HyperParameters": {"rounds": str(job.rounds), "save_every": str(job.rounds), "rate": "0.1"},
        "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"{folder}/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        "Tags": [{"Key": "team", "Value": "delays"}],
    }


def judge_job(answer: Answer, report: Report) -> None:
    """Run a job of the learner's request after one that was interrupted. Reports the parts request and resumed."""
    with contextlib.ExitStack() as made:
        s3, bucket = answer.client("s3"), f"m14-spot-{answer.token()}"
        s3.create_bucket(Bucket=bucket)
        made.callback(delete_bucket, s3, bucket)
        rng, prefix = answer.rng, f"jobs-{answer.token()}"
        job = SpotJob(rng.randrange(200, 900), rng.choice((2.0, 5.0)), rng.choice((10.0, 30.0)), rng.choice((1800.0, 7200.0)))
        wait, folder = rng.choice((2, 3, 5, 8)), f"s3://{bucket}/{prefix}"
        saved = f"round-{rng.randrange(50, 150):06d}.npy"
        s3.put_object(Bucket=bucket, Key=f"{prefix}/code/train.py", Body=SCRIPT)
        s3.put_object(Bucket=bucket, Key=f"{prefix}/checkpoints/{saved}", Body=b"weights")
        request = base(job, f"spot-{answer.token()}", sagemaker_role(answer.client("iam")), folder)
        given = answer.call("on_spot", request, job.facts(folder, wait))
        if problem := _problem(request, given, job, wait, f"{folder}/checkpoints"):
            report.part("request", False, f"`on_spot(...)` returned a request. {problem}")
            report.part("resumed", False, "Judged once the request is right.")
            return
        report.part("request", True, "The request asks for Spot instances, checkpoints and a time for all of it.")
        report.part("resumed", *_resumed(answer, given, bucket, saved))


def _problem(request: dict, given: dict, job: SpotJob, wait: int, folder: str) -> str:
    """What is wrong with a request; ``""`` if nothing is."""
    if missing := sorted(set(request) - set(given)):
        return f"It has no `{missing[0]}` any more."
    if other := [name for name in request if name not in CHANGED and given[name] != request[name]]:
        return f"It changes `{other[0]}`, which must stay as it is."
    if more := sorted(set(given) - set(request) - CHANGED):
        return f"It has `{more[0]}`, which nobody asked for."
    if given.get("EnableManagedSpotTraining") is not True:
        return "It does not ask for Spot instances: which member of CreateTrainingJob does?"
    times, expected = given["StoppingCondition"], wait * 3600
    if times.get("MaxRuntimeInSeconds") != request["StoppingCondition"]["MaxRuntimeInSeconds"]:
        return "Its `MaxRuntimeInSeconds` is another one than before. It limits the training; the waiting has a member of its own."
    if "MaxWaitTimeInSeconds" not in times:
        return "Its `StoppingCondition` has no `MaxWaitTimeInSeconds`."
    if times["MaxWaitTimeInSeconds"] != expected:
        hint = " Is it in seconds?" if times["MaxWaitTimeInSeconds"] < expected else " The hours include the training."
        return f"`MaxWaitTimeInSeconds` is {times['MaxWaitTimeInSeconds']!r} with {wait} `wait_hours`.{hint}"
    saved = given.get("CheckpointConfig")
    if not isinstance(saved, dict) or str(saved.get("S3Uri")).rstrip("/") != folder:
        return "Its `CheckpointConfig` does not name the place of `facts` as `S3Uri`."
    return _hyperparameters(request["HyperParameters"], given["HyperParameters"], job)


def _hyperparameters(before: dict, given: dict, job: SpotJob) -> str:
    if not isinstance(given, dict) or given | {"save_every": ""} != before | {"save_every": ""}:
        return "Its other hyperparameters are not those of the request."
    if not isinstance(given.get("save_every"), str):
        return f"`save_every` is of the type {type(given.get('save_every')).__name__}. All hyperparameters are texts."
    return "" if every(given, job) else f"`save_every` is {given['save_every']!r}. It is a whole number of rounds, from 1 to {job.rounds}."


def every(hyperparameters: dict, job: SpotJob) -> int:
    """The rounds between two checkpoints; 0 if this is no number of rounds of the job."""
    text = hyperparameters.get("save_every") if isinstance(hyperparameters, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 9:
        return 0
    return int(text) if 1 <= int(text) <= job.rounds else 0


def _resumed(answer: Answer, request: dict, bucket: str, saved: str) -> tuple[bool, str]:
    """Whether the job of a request ends, and its program finds the checkpoint."""
    sagemaker, name = answer.client("sagemaker"), request["TrainingJobName"]
    try:
        sagemaker.create_training_job(**request)
    except (ClientError, ParamValidationError) as error:
        return False, f"`create_training_job` refuses the request: {error}"
    described = ended(sagemaker, "training", name)
    if described["TrainingJobStatus"] != "Completed":
        return False, f"The job ended as {described['TrainingJobStatus']}: {described.get('FailureReason', '')}"
    place = described["ModelArtifacts"]["S3ModelArtifacts"].partition(f"{bucket}/")[2]
    body = answer.client("s3").get_object(Bucket=bucket, Key=place)["Body"].read()
    found = json.loads(model_archives.read_file(body, "seen.json"))
    if saved in found:
        return True, "The job found the checkpoint of the interrupted one."
    return False, f"The job found no checkpoint. Its program looks in {FOLDER}: into which folder does your request copy them?"


def judge_examples(answer: Answer, report: Report) -> None:
    """Report the part distance, for the jobs of the practice check."""
    for job in EXAMPLES:
        share, said = judged(answer, job)
        if share < 1:
            report.part("distance", False, said)
            return
    report.part("distance", True, f"All {len(EXAMPLES)} jobs save about as often as they should.")


def judged(answer: Answer, job: SpotJob) -> tuple[float, str]:
    """The share that a job's distance earns, and what is said of it."""
    folder = "s3://bucket/job"
    role = "arn:aws:iam::123456789012:role/any"
    given = answer.call("on_spot", base(job, "job", role, folder), job.facts(folder, 24))
    rounds = every(given.get("HyperParameters", {}), job)
    if not rounds:
        return 0.0, f"`save_every` must be a whole number of rounds as a text, from 1 to {job.rounds}."
    billed, best = job.billed(rounds), min(job.billed(each) for each in range(1, job.rounds + 1))
    more = (billed - best) / (best - job.work + NOTHING * job.work)
    share = 1.0 if more <= ENOUGH else 0.4 if more <= NEARLY else 0.0
    saving = (job.rounds - 1) // rounds * job.save_seconds
    again = billed - job.work - saving
    return share, (
        f"With {job.rounds} rounds of {job.round_seconds:g} seconds, {job.save_seconds:g} seconds for a checkpoint and a lifetime of "
        f"{job.lifetime:,.0f} seconds, you save every {_rounds(rounds)}. {job.work / 3600:.1f} hours of work are billed as "
        f"{min(billed / 3600, 1e6):,.1f} hours: {saving / 3600:.2f} for checkpoints, and the rest for what interruptions lose. "
        f"{_advice(saving, again)}"
    )


def _rounds(number: int) -> str:
    return "round" if number == 1 else f"{number} rounds"


def _advice(saving: float, again: float) -> str:
    if again > 1.5 * saving:
        return "Interruptions lose much more than checkpoints cost. Is the best distance the one at which both are about equal?"
    if saving > 1.5 * again:
        return "Checkpoints cost much more than interruptions lose. Is the best distance the one at which both are about equal?"
    return ""
