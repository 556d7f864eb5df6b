"""Runs the Processing job of m02_1_ex3 on some flights, and compares what it wrote with what it should have written."""

from __future__ import annotations

import contextlib
from io import StringIO
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from course.cleanup import delete_bucket
from course.grading import Answer, Report
from course.grading.exercise.members import member_at
from course.grading.jobs import ended, log_streams, started_or_requested, stop

PARTS = ("train", "validation", "test")
NEEDED = {"ProcessingJobName", "RoleArn", "AppSpecification", "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources"}
WHY = {
    "departure_minute": "minutes are counted from New York's midnight",
    "late": "late is 1 when a flight arrives more than 15 minutes after schedule",
}


def judge_job(answer: Answer, report: Report, flights: pd.DataFrame, wanted: pd.DataFrame, borders: tuple[str, str]) -> None:
    """Run the learner's job on the flights and report all parts. `split_request` starts it, or returns its request.

    Parameters
    ----------
    answer : Answer
    report : Report
    flights : DataFrame
        The records, ``arr_delay`` empty where there is none.
    wanted : DataFrame
        By the ``id`` of each flight that arrived: ``part``, ``late`` and ``departure_minute``.
    borders : (str, str)
        ``validation_from`` and ``test_from``.
    """
    s3, sagemaker = answer.client("s3"), answer.client("sagemaker")
    name = f"checks-m02-1-{answer.token()}"  # of the job and of a bucket for it: neither may exist yet
    uris = tuple(f"s3://{name}/{key}" for key in ("code/split.py", "records", "parts"))
    s3.create_bucket(Bucket=name)
    try:
        s3.put_object(Bucket=name, Key="code/split.py", Body=answer.value("script").encode())
        half = len(flights) // 2
        for number, rows in enumerate((flights[:half], flights[half:])):
            s3.put_object(Bucket=name, Key=f"records/part-{number}.csv", Body=rows.to_csv(index=False).encode())
        report.doing("runs your script as a Processing job")
        request = call(answer, report, name, *uris, *borders)
        if request is None or not all([check_request(report, request, name, *uris), check_script(answer, report)]):
            return
        parts = run(answer, report, request, name)
    finally:
        stop(sagemaker, "processing", name)
        delete_bucket(s3, name)
    if parts is not None:
        compare(report, flights, wanted, parts, borders)


def call(answer: Answer, report: Report, name: str, *arguments: str) -> dict[str, Any] | None:
    """The request that `split_request` returns, or the description of the job that it starts; reports the part ``request`` without both."""
    sagemaker = answer.client("sagemaker")
    job, request = started_or_requested(
        answer, "split_request", (name, *arguments), lambda: started(sagemaker, name), "ProcessingJobStatus"
    )
    if job is None and request is None:
        said = f"`split_request(...)` returned None, and there is no job called {name!r}. It starts a job of the `name` given, or returns"
        report.part("request", False, f"{said} its request. Without `job_name=name` the SDK chooses a name of its own.")
    return job or request


def started(sagemaker: Any, name: str) -> dict[str, Any] | None:
    with contextlib.suppress(ClientError):  # there is no such job
        return sagemaker.describe_processing_job(ProcessingJobName=name)
    return None


def check_script(answer: Answer, report: Report) -> bool:
    try:
        compile(answer.value("script"), "split.py", "exec")
    except SyntaxError as error:
        return report.part("job", False, f"`script` is no Python: line {error.lineno}: {error.msg}.")
    return True


def check_request(report: Report, request: dict, name: str, script: str, records: str, output: str) -> bool:
    """Whether the request is sound; reports the part ``request``."""
    if missing := sorted(NEEDED - request.keys()):
        said = f"`split_request(...)` makes a request without {', '.join(missing)}; a Processing job needs them."
        return report.part("request", False, said)
    outputs = request["ProcessingOutputConfig"].get("Outputs") if isinstance(request["ProcessingOutputConfig"], dict) else None
    lists = {"ProcessingInputs": request["ProcessingInputs"], "ProcessingOutputConfig.Outputs": outputs}
    for member, given in lists.items():
        if not (isinstance(given, list) and all(isinstance(item, dict) for item in given)):
            said = f"`split_request(...)` makes a request whose `{member}` is {given!r}; expected a list of dictionaries."
            return report.part("request", False, said)
    said = []
    if request["ProcessingJobName"] != name:
        said.append(f"`split_request(...)` calls the job {request['ProcessingJobName']!r}; expected the `name` given.")
    sources = {str(member_at(item, "S3Input", "S3Uri")).rstrip("/") for item in request["ProcessingInputs"]}
    if lost := sorted({script, records} - sources):
        said.append(f"`split_request(...)` makes a request without an input from {lost[0]!r}, which was given for it.")
    arguments = member_at(request, "AppSpecification", "ContainerArguments") or []
    if not isinstance(arguments, list):
        said.append(f"`split_request(...)` has the ContainerArguments {arguments!r}; expected a list of texts.")
    elif others := [value for value in arguments if not isinstance(value, str)]:
        kind = type(others[0]).__name__
        said.append(f"`split_request(...)` hands the script {others[0]!r}, a {kind}; arguments of a container are text.")
    targets = {str(member_at(item, "S3Output", "S3Uri") or "").rstrip("/") for item in outputs}
    if targets != {f"{output}/{part}" for part in PARTS}:
        where = f"`split_request(...)` makes a request that writes to {sorted(targets)}"
        said.append(f"{where}; expected a place below `output_uri` for each part.")
    return report.part("request", not said, " ".join(said) or "A sound request.")


def run(answer: Answer, report: Report, request: dict[str, Any], name: str) -> dict[str, pd.DataFrame] | None:
    """The parts that the job of the request wrote into the bucket ``name``; reports the part ``job``."""
    sagemaker, s3 = answer.client("sagemaker"), answer.client("s3")
    try:
        if "ProcessingJobArn" not in request:  # else the job runs already
            sagemaker.create_processing_job(**request)
    except ParamValidationError as error:
        report.part("job", False, f"The request was not accepted: {error}")
        return None
    job = ended(sagemaker, "processing", name, seconds=80)
    if job["ProcessingJobStatus"] != "Completed":
        reason = f"The job ended {job['ProcessingJobStatus']}: {job.get('FailureReason', 'no reason given').rstrip('.')}."
        report.part("job", False, f"{reason} The last line of its log: {_last_line(answer, name)}")
        return None
    report.part("job", True, "The job completed.")
    texts = {}
    for part in PARTS:
        listed = s3.list_objects_v2(Bucket=name, Prefix=f"parts/{part}/").get("Contents", [])
        found = [s3.get_object(Bucket=name, Key=item["Key"])["Body"].read().decode() for item in listed]
        texts[part] = [text for text in found if text.strip()]
    if empty := [part for part, found in texts.items() if not found]:
        said = f"The job completed and left nothing in {', '.join(empty)}: does the script write where the request looks?"
        report.part("job", False, said)
        return None
    return {part: pd.concat([pd.read_csv(StringIO(text)) for text in found]) for part, found in texts.items()}


def _last_line(answer: Answer, name: str) -> str:
    """What the job wrote last to CloudWatch Logs; of a script that raised, the error."""
    streams = log_streams(answer.client("logs"), "processing", name)
    lines = [line for messages in streams.values() for message in messages for line in message.splitlines() if line.strip()]
    return f"`{lines[-1].strip()[:300]}`" if lines else "it has none"


def compare(report: Report, flights: pd.DataFrame, wanted: pd.DataFrame, parts: dict[str, pd.DataFrame], borders: tuple[str, str]) -> None:
    """Report the parts ``split`` and ``values``. The parameters are those of `judge_job`, and the tables that the job wrote."""
    for part, table in parts.items():
        if lost := sorted({"id", "late", "departure_minute"} - set(table.columns)):
            for name in ("split", "values"):
                report.part(name, False, f"{part} has the columns {list(table.columns)}; missing is {lost[0]!r}.")
            return
    given = pd.concat([table.assign(part=part) for part, table in parts.items()])
    _judge_split(report, flights.set_index("id"), wanted, given, borders)
    known = given[given.id.isin(wanted.index)].drop_duplicates("id").set_index("id")
    _judge_values(report, flights.set_index("id").loc[known.index], wanted.loc[known.index], known)


def _judge_split(report: Report, flights: pd.DataFrame, wanted: pd.DataFrame, given: pd.DataFrame, borders: tuple[str, str]) -> None:
    said = []
    if twice := given.id.duplicated().sum():
        said.append(f"{twice} flights are in two parts, or twice in one: a flight may judge only what has not seen it.")
    if kept := set(given.id) - set(wanted.index):
        said.append(f"{len(kept)} flights without an arrival delay were kept: nobody knows whether they were late.")
    if lost := set(wanted.index) - set(given.id):
        said.append(f"{len(lost)} of {len(wanted)} flights are in no part: was every file read, and does each day belong somewhere?")
    found = given.drop_duplicates("id").set_index("id").part.reindex(wanted.index).dropna()
    wrong = found.index[found != wanted.part[found.index]]
    if len(wrong) and not twice:
        right = len(found) - len(wrong)
        said.append(f"{right} of {len(wanted)} flights are in the part of their day. {_why_split(flights.loc[wrong], borders)}")
    report.part("split", not said, " ".join(said) or "Each flight is in the part of its day.")


def _why_split(wrong: pd.DataFrame, borders: tuple[str, str]) -> str:
    days = pd.to_datetime(wrong[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    if (wrong.time_hour.str[:10] != days).all():
        return "Those that are not leave in the evening: whose midnight does the script split at, New York's or that of UTC?"
    if days.isin(borders).all():
        return "Those that are not leave on a border day: a part begins with the date it is `from`."
    return "Early and late flights are mixed: a part holds the days of one stretch of time."


def _judge_values(report: Report, flights: pd.DataFrame, wanted: pd.DataFrame, given: pd.DataFrame) -> None:
    said = []
    if "arr_delay" in given.columns:
        said.append("`arr_delay` is among the columns: it is the answer, and every model will find it.")
    for name, why in WHY.items():
        good = pd.to_numeric(given[name], errors="coerce").eq(wanted[name])
        if not good.all():
            as_clock = name == "departure_minute" and given[name].eq(flights.sched_dep_time).any()
            why = "517 is seventeen minutes past five" if as_clock else why
            said.append(f"`{name}` is right for {good.sum()} of {len(good)} flights: {why}.")
    report.part("values", not said, " ".join(said) or "All values are right.")
