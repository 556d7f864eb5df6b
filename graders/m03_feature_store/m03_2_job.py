"""The Processing job of m03_2_ex4: one module computes the features of flights from the history and from requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from course.cleanup import delete_bucket
from course.grading import Answer, Report
from course.grading.jobs import ended, log_streams, sagemaker_role

from .m03_2_cases import FORMAT

SCRIPT = Path(__file__).with_name("m03_2_both_places.py")
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
FOLDER = "/opt/ml/processing"
NEW_YORK = ZoneInfo("America/New_York")
KILOMETRES = 1.609344
WHY = {
    ("history", "minutes"): "`sched_dep_time` is hhmm on a clock of New York",
    ("history", "weekday"): "`date` is the day in New York; Monday is 0",
    ("history", "miles"): "`distance` is text, and an `int` is asked for",
    ("requests", "minutes"): "`departs` is in UTC, and New York is not behind by the same hours in winter and in summer",
    ("requests", "weekday"): "Monday is 0, and it is not always the same day in New York as in UTC",
    ("requests", "miles"): "`km` is in kilometres; a whole number of miles is asked for",
}


def both_forms(departures: Sequence[datetime], miles: Sequence[int]) -> tuple[list[dict], list[dict]]:
    """The same flights as rows of the history, all text, and as requests."""
    history, requests = [], []
    for number, (departs, distance) in enumerate(zip(departures, miles, strict=True)):
        local = departs.astimezone(NEW_YORK)
        clock = str(local.hour * 100 + local.minute)
        history.append({"flight": f"f{number}", "date": f"{local:%Y-%m-%d}", "sched_dep_time": clock, "distance": str(distance)})
        requests.append({"flight": f"f{number}", "departs": departs.strftime(FORMAT), "km": round(distance * KILOMETRES, 1)})
    return history, requests


def judge_module(
    answer: Answer, report: Report, departures: Sequence[datetime], miles: Sequence[int], wanted: Sequence[tuple[int, int]]
) -> None:
    """Run the learner's module in a Processing job on these flights in both forms, and report all parts.

    Parameters
    ----------
    answer : Answer
    report : Report
    departures : sequence of datetime
        In UTC.
    miles : sequence of int
    wanted : sequence of (int, int)
        Minutes since New York's midnight and weekday of each flight.
    """
    try:
        compile(answer.value("module"), "shared.py", "exec")
    except SyntaxError as error:
        report.part("job", False, f"`module` is no Python: line {error.lineno}: {error.msg}.")
        return
    forms = dict(zip(("history", "requests"), both_forms(departures, miles), strict=True))
    report.doing("runs your module in a Processing job")
    results = _run(answer, report, forms)
    if results is None:
        return
    right = [{"minutes": minutes, "weekday": weekday, "miles": far} for (minutes, weekday), far in zip(wanted, miles, strict=True)]
    for form, flights in forms.items():
        wrong = [
            (name, flight, got)
            for flight, got, want in zip(flights, results[form], right, strict=True)
            for name in want
            if not _same(got, name, want[name])
        ]
        missed = len({flight["flight"] for _, flight, _ in wrong})
        said = f"{form}: {len(flights) - missed} of {len(flights)} flights have the right features."
        if wrong:
            name, flight, got = wrong[0]
            said += f" `features({flight})` returned {str(got)[:120]}; look at `{name}`: {_why(form, name, got)}."
        report.part(form, max(0.0, 1 - 2 * missed / len(flights)), said)


def _same(got: Any, name: str, want: int) -> bool:
    found = got.get(name) if isinstance(got, dict) else None
    return isinstance(found, int) and not isinstance(found, bool) and found == want


def _why(form: str, name: str, got: Any) -> str:
    found = got.get(name) if isinstance(got, dict) else None
    return "it is no `int`" if isinstance(found, float) and found.is_integer() else WHY[form, name]


def _run(answer: Answer, report: Report, forms: dict[str, list[dict]]) -> dict[str, list] | None:
    """What the job wrote for each form; reports the part ``job`` and returns None when it wrote nothing."""
    sagemaker, s3 = answer.client("sagemaker"), answer.client("s3")
    name = f"checks-m03-2-{answer.token()}"
    s3.create_bucket(Bucket=name)
    try:
        for key, text in {"code/shared.py": answer.value("module"), "code/run.py": SCRIPT.read_text()}.items():
            s3.put_object(Bucket=name, Key=key, Body=text.encode())
        s3.put_object(Bucket=name, Key="flights/flights.json", Body=json.dumps(forms).encode())
        sagemaker.create_processing_job(**_request(answer, name))
        job = ended(sagemaker, "processing", name, seconds=80)
        if job["ProcessingJobStatus"] != "Completed":
            streams = log_streams(answer.client("logs"), "processing", name)
            lines = [line for messages in streams.values() for message in messages for line in message.splitlines() if line.strip()]
            last = f"The last line of its log: `{lines[-1].strip()[:300]}`" if lines else "It has no log."
            report.part("job", False, f"The job that imports your module ended {job['ProcessingJobStatus']}. {last}")
            return None
        report.part("job", True, "The job completed.")
        return json.loads(s3.get_object(Bucket=name, Key="features/features.json")["Body"].read())
    finally:
        delete_bucket(s3, name)


def _request(answer: Answer, name: str) -> dict[str, Any]:
    role = sagemaker_role(answer.client("iam"))
    source = {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    inputs = [
        {"InputName": key, "S3Input": source | {"S3Uri": f"s3://{name}/{key}", "LocalPath": f"{FOLDER}/input/{key}"}}
        for key in ("code", "flights")
    ]
    place = {"S3Uri": f"s3://{name}/features", "LocalPath": f"{FOLDER}/output", "S3UploadMode": "EndOfJob"}
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", f"{FOLDER}/input/code/run.py"]},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "features", "S3Output": place}]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
