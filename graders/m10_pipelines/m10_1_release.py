"""What a learner's release pipeline decides on months and live models (m10_1_ex3)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from course.grading import Answer, AnswerError, Report

from .m10_1_runs import Run, arguments, job_of, outputs, package_group, pipeline, shown, start

STEPS = {"Prepare", "Train", "Evaluate", "Better"}
PENDING = "PendingManualApproval"


def judge_release(answer: Answer, report: Report, name: str, asked: Sequence[dict[str, object]]) -> None:
    """Make the pipeline, start it with each set of parameters, and report all parts."""
    with package_group(answer, f"{name}-group") as group, pipeline(answer, report, "steps", "release_pipeline", name, group) as made:
        runs = start(answer, report, "steps", name, asked) if made else []
        for parameters, run in zip(asked, runs, strict=bool(runs)):
            if not _judge_run(answer, report, group, parameters, run):
                return


def _judge_run(answer: Answer, report: Report, group: str, parameters: dict[str, object], run: Run) -> bool:
    called = f"Started with {shown(parameters)}, the pipeline"
    missing = sorted(STEPS - set(run.steps))
    broken = [name for name in STEPS if run.ended_as(name) not in ("Succeeded", "")]
    if broken or missing:
        why = run.failures or f"it ended as {run.status} without {', '.join(missing)}"
        return report.part("steps", False, f"{called} did not reach its decision: {why}.")
    evaluated = job_of(answer.client("sagemaker"), run, "Evaluate", "processing")
    given = arguments(evaluated)
    said = f"{called} ran `Evaluate` with {given}: where is the value of LiveModel?"
    if not report.part("steps", str(parameters["LiveModel"]) in given, said):
        return False
    measured = _evaluation(answer, evaluated)
    cheaper = measured["new"]["dollars"] < measured["live"]["dollars"]
    registered, refused = run.ended_as("Register") == "Succeeded", run.ended_as("Worse") == "Failed"
    if not report.part("steps", registered != refused, f"{called} neither registered nor refused: {run.failures or run.status}."):
        return False
    numbers = f"a flight costs {'less' if cheaper else 'more'} with the new model than with the live one"
    what = "registered" if registered else "refused"
    said = f"{called} {what} the new model, and {numbers}"
    if not report.part("decision", registered == cheaper, f"{said}. {_why(measured, registered=registered)}"):
        return False
    return _judge_package(answer, report, group, called, run) if registered else _judge_message(report, called, measured, run)


def _evaluation(answer: Answer, job: dict) -> dict:
    """The numbers that a job of `Evaluate` wrote."""
    uri = outputs(job).get("report", "")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        body = answer.client("s3").get_object(Bucket=bucket, Key=f"{key.rstrip('/')}/evaluation.json")["Body"].read()
        return json.loads(body)
    except (answer.client("s3").exceptions.ClientError, ValueError):
        raise AnswerError("`Evaluate` left no evaluation.json in its output `report`.") from None


def _why(measured: dict, *, registered: bool) -> str:
    by_auc = (measured["new"]["auc"] > measured["live"]["auc"]) == registered
    if by_auc:
        return "By AUC that would be right: which two numbers does your condition compare?"
    return "Which of the two numbers is on the left of your condition, and which comparison is it?"


def _judge_package(answer: Answer, report: Report, group: str, called: str, run: Run) -> bool:
    sagemaker = answer.client("sagemaker")
    arn = run.steps["Register"].get("Metadata", {}).get("RegisterModel", {}).get("Arn", "")
    if not report.part("package", bool(arn), f"{called} has a step Register that registered no model package."):
        return False
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    containers = package["InferenceSpecification"]["Containers"]
    own = job_of(sagemaker, run, "Train", "training")["ModelArtifacts"]["S3ModelArtifacts"]
    archive, status = containers[0].get("ModelDataUrl"), package["ModelApprovalStatus"]
    said = f"{called} registered a package in {package.get('ModelPackageGroupName')}; expected the group that was given."
    if not report.part("package", package.get("ModelPackageGroupName") == group, said):
        return False
    if not report.part("package", archive == own, f"{called} registered {archive}, which is not what `Train` of this execution made."):
        return False
    return report.part("package", status == PENDING, f"{called} registered a package as {status}: who has looked at it?")


def _judge_message(report: Report, called: str, measured: dict, run: Run) -> bool:
    message = run.steps["Worse"].get("FailureReason", "")
    both = all(str(measured[which]["dollars"]) in message for which in ("new", "live"))
    said = f"{called} failed with the message {message[:200]!r}; expected the dollars of the new model and of the live one in it."
    return report.part("message", both, said)
