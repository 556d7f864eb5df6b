"""What a learner's guard stops, and whether the learner's pipeline stops with it (m10_2_ex3)."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from course.cleanup import delete_bucket
from course.grading import Answer, AnswerError, Report
from course.grading.jobs import log_streams
from course.grading.scoring import guard_share
from course.grading.short_repr import cut

from .m10_1_runs import Run, job_of, outputs, start
from .m10_2_tables import Case, known_flights

STEPS = ["Check", "Sound"]
SHOWN = 160  # characters of a learner's text or of an error that a message repeats
POSSIBLE, ENOUGH = (950, 1050), 0.7  # pressures, and their share, with which the lesson's first guard is content
AGAIN = "Does it have an older function? Run `guard_arn = guarded(guard, faults)` again."
QUESTIONS = {  # kind of fault -> what to ask when one of them is not stopped
    "other units": "Other units slip through, some at one airport only: which share of the values does `known` have, or nearly have?",
    "other numbers for airlines, airports or weekdays": "Another code slips through: how often does each number occur in `known`?",
    "stand-ins for missing values": "Stand-ins for missing values slip through: how far from the values of `known` are they?",
    "stuck sensors": "Stuck sensors slip through: how often does the most frequent value of a column occur, here and in `known`?",
    "missing values": "Missing values slip through, some at one airport only: which share of each column is missing in a sound month?",
    "missing rows": "Missing rows slip through: how many does a table have, and which share is of each airport, airline and weekday?",
    "repeated rows": "Repeated rows slip through: which share of the rows of a sound month is exactly like another row?",
    "impossible labels": "Impossible labels slip through: which values can `late` have, and how many flights of a month are late?",
    "exchanged columns": "Exchanged columns slip through: does each column have values that it can have?",
    "other columns": "Other columns slip through: compare their names with those of `known` before all else.",
    "text": "Text slips through: ask for the type of each column before you compute with it.",
}


@dataclass(frozen=True)
class Judged:
    """A table, the faults that the learner's function found in it, and the error that it raised instead."""

    case: Case
    found: list[str]
    problem: str = ""

    @property
    def right(self) -> bool:
        return bool(self.found) == bool(self.case.kind)


def judge_guard(answer: Answer, report: Report, part: str, known: pd.DataFrame, cases: Sequence[Case]) -> list[Judged]:
    """Call the learner's function with each table, and report the part: the share of bad tables stopped less that of sound ones.

    Practice names the tables, grading only the kinds of fault. Returns what was found. An error that a sound table raises ends the check.
    """
    judged = [_asked(answer, known, case) for case in cases]
    bad, sound = ([each for each in judged if bool(each.case.kind) is faulty] for faulty in (True, False))
    missed, alarms = ([each for each in some if not each.right] for some in (bad, sound))
    said = (
        f"`faults(...)` stops {len(bad) - len(missed)} of {len(bad)} tables with a fault, and {len(alarms)} of {len(sound)} sound months."
    )
    share = guard_share([each.right for each in bad], [not each.right for each in sound])
    whys = [_why_alarms(alarms, all_of_them=len(alarms) == len(sound)), _why_missed(missed, by_name=part == "practice")]
    report.part(part, share, " ".join([said, *filter(None, whys)]))
    report.finished(part)
    return judged


def _asked(answer: Answer, known: pd.DataFrame, case: Case) -> Judged:
    try:
        return Judged(case, answer.call("faults", case.table, known))
    except AnswerError as error:
        if not case.kind:
            raise
        return Judged(case, [], str(error))


def _why_alarms(alarms: list[Judged], *, all_of_them: bool) -> str:
    if not alarms:
        return ""
    some = "; ".join(f"{each.case.words} (it says {cut('; '.join(each.found), SHOWN)!r})" for each in alarms[:2])
    if all_of_them:
        return f"It stops every month, so somebody switches it off. Which of its rules fires on {some}?"
    return f"It stops without need: {some}."


def _why_missed(missed: list[Judged], *, by_name: bool) -> str:
    raised = [each for each in missed if each.problem]
    if raised:
        return f"On a table with a fault ({raised[0].case.words}) it ends in an error, and names no fault. {raised[0].problem}"
    if by_name and missed:
        names = "; ".join(each.case.words for each in missed[:5])
        return f"It finds nothing in a table with: {names}{'; …' if len(missed) > 5 else ''}."
    kinds = dict.fromkeys(each.case.kind for each in missed)
    return " ".join(QUESTIONS[kind] for kind in list(kinds)[:2])


# ---- the pipeline --------------------------------------------------------------------------------------------------------------------


def judge_stop(answer: Answer, report: Report, name: str, judged: Sequence[Judged]) -> None:
    """Start the learner's pipeline on a table that the function lets pass, and on one that it stops; report the part ``stops``.

    Parameters
    ----------
    name : str
        Of the bucket that the check makes for the tables, and deletes.
    judged : sequence
        What `judge_guard` returned.
    """
    arn = answer.value("guard_arn")
    if not _is_guard(answer, report, arn):
        return
    sound = _chosen(answer, [each.case for each in judged if each.right and not each.case.kind])
    faulty = _chosen(answer, [each.case for each in judged if each.right and each.case.kind])
    if not sound or not faulty:
        every = "finds a fault in every sound month" if not sound else "finds no fault in any table"
        report.part("stops", False, f"`faults` {every}, so the pipeline has nothing to {'add' if not sound else 'stop'}.")
        return
    with _uploaded(answer, name, [sound[0].table, faulty[0].table]) as uris, _tidied(answer, arn) as runs:
        runs += start(answer, report, "stops", arn.rpartition("/")[2], [{"Flights": uri} for uri in uris])
        if runs and _judge_added(answer, report, runs[0]):
            _judge_stopped(answer, report, runs[1], faulty[1])


def _is_guard(answer: Answer, report: Report, arn: str) -> bool:
    wanted = "expected the ARN that `guarded(guard, faults)` returns"
    try:
        described = answer.client("sagemaker").describe_pipeline(PipelineName=arn.rpartition("/")[2])
    except (ClientError, ParamValidationError):
        return report.part("stops", False, f"`guard_arn` is {arn!r}, and there is no such pipeline; {wanted}.")
    is_arn = described["PipelineArn"] == arn
    if not report.part("stops", is_arn, f"`guard_arn` is {arn!r}, not the ARN of the pipeline; {wanted}."):
        return False
    steps = [step["Name"] for step in json.loads(described["PipelineDefinition"])["Steps"]]
    return report.part("stops", steps == STEPS, f"`guard_arn` is a pipeline with the steps {steps}; {wanted}.")


def _chosen(answer: Answer, cases: list[Case]) -> tuple[Case, list[str]] | None:
    """One of the tables that were judged right, and what the function finds with the lesson's ``known``, which the pipeline has.

    Rather one that `pressure_only` of the lesson lets pass, and with the known columns: a set in a text has another order in the job.
    """
    drawn = answer.rng.sample(cases, len(cases))
    for case in sorted(drawn, key=lambda case: (not _passes_first_try(case.table), case.kind == "other columns")):
        found = answer.call("faults", case.table, known_flights())
        if bool(found) == bool(case.kind):
            return case, found
    return None


def _passes_first_try(flights: pd.DataFrame) -> bool:
    if "pressure" not in flights or not pd.api.types.is_numeric_dtype(flights.pressure):
        return False
    return flights.pressure.between(*POSSIBLE).mean() > ENOUGH


def _judge_added(answer: Answer, report: Report, run: Run) -> bool:
    said = "Started on a sound table, in which `faults` finds nothing, your pipeline"
    if run.ended_as("Check") != "Succeeded":
        return report.part("stops", False, f"{said} failed at `Check`. {_why_check(answer, run)}")
    return report.part("stops", run.ended_as("Add") == "Succeeded", f"{said} did not add it: {cut(run.failures, SHOWN)}. {AGAIN}")


def _judge_stopped(answer: Answer, report: Report, run: Run, found: list[str]) -> bool:
    said = f"Started on a table with a fault, for which `faults` returns {cut(repr(found), SHOWN)}, your pipeline"
    if run.ended_as("Check") != "Succeeded":
        return report.part("stops", False, f"{said} failed at `Check`. {_why_check(answer, run)}")
    if run.ended_as("Add"):
        first_try = "def pressure_only(" in _script(answer, run)
        why = "It still has `pressure_only`: put `faults` into it, with `guarded(guard, faults)`." if first_try else AGAIN
        return report.part("stops", False, f"{said} added the table. {why}")
    reason = run.steps["Stop"].get("FailureReason", "") if "Stop" in run.steps else run.failures
    named = any(text.strip() and text.strip() in reason for text in found)
    empty = "" if any(text.strip() for text in found) else "Who gets the alarm reads this text: what does it say is wrong? "
    return report.part("stops", named, f"{said} stopped with {cut(reason, SHOWN)!r}. {empty or AGAIN}")


def _why_check(answer: Answer, run: Run) -> str:
    """The error of the learner's function in the job of the step ``Check``."""
    if "ProcessingJob" not in run.steps.get("Check", {}).get("Metadata", {}):
        return run.failures
    job = job_of(answer.client("sagemaker"), run, "Check", "processing")["ProcessingJobName"]  # in ARNs, names are in lower case
    streams = log_streams(answer.client("logs"), "processing", job)
    lines = [line for messages in streams.values() for message in messages for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    if unknown := re.match(r"NameError: name '(\w+)'", errors[-1] if errors else ""):
        why = "the function alone is sent to the job, without the rest of the notebook. Move what it uses into it."
        return f"Its log says that the name `{unknown[1]}` is not defined: {why}"
    return f"Its log ends with: {cut((errors or lines or [run.failures])[-1], SHOWN)}"


def _script(answer: Answer, run: Run) -> str:
    """The script of the step ``Check``; ``""`` if there is none."""
    job = job_of(answer.client("sagemaker"), run, "Check", "processing")
    uris = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}
    bucket, _, key = uris.get("code", "").removeprefix("s3://").partition("/")
    try:
        return answer.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except (ClientError, ParamValidationError):
        return ""


@contextlib.contextmanager
def _uploaded(answer: Answer, bucket: str, tables: Sequence[pd.DataFrame]) -> Iterator[list[str]]:
    """The folders of the tables, in a bucket of their own, which is deleted afterwards."""
    s3 = answer.client("s3")
    s3.create_bucket(Bucket=bucket)
    try:
        for number, table in enumerate(tables):
            body = io.BytesIO()
            table.to_parquet(body, index=False)
            s3.put_object(Bucket=bucket, Key=f"table-{number}/flights.parquet", Body=body.getvalue())
        yield [f"s3://{bucket}/table-{number}" for number in range(len(tables))]
    finally:
        delete_bucket(s3, bucket)


@contextlib.contextmanager
def _tidied(answer: Answer, arn: str) -> Iterator[list[Run]]:
    """A list for the executions that the check starts. Afterwards what they wrote is deleted, and one that still runs is stopped."""
    sagemaker, runs = answer.client("sagemaker"), []
    try:
        yield runs
    finally:
        for each in sagemaker.list_pipeline_executions(PipelineName=arn.rpartition("/")[2])["PipelineExecutionSummaries"]:
            if each["PipelineExecutionStatus"] == "Executing":
                sagemaker.stop_pipeline_execution(PipelineExecutionArn=each["PipelineExecutionArn"])
        for run in runs:
            _delete_outputs(answer, run)


def _delete_outputs(answer: Answer, run: Run) -> None:
    """Delete what the jobs of an execution wrote into the execution's own folder."""
    sagemaker, s3, folder = answer.client("sagemaker"), answer.client("s3"), f"/{run.arn.rpartition('/')[2]}/"
    for step in ("Check", "Add"):
        if "ProcessingJob" not in run.steps.get(step, {}).get("Metadata", {}):
            continue
        for uri in outputs(job_of(sagemaker, run, step, "processing")).values():
            bucket, _, prefix = uri.removeprefix("s3://").partition("/")
            if folder in f"/{prefix}":
                _delete_below(s3, bucket, prefix)


def _delete_below(s3: Any, bucket: str, prefix: str) -> None:
    for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
