"""Runs transform jobs from the learner's requests, and compares what came out with what went in."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m09_1_cases import line

WAIT = {"Delay": 0.3, "MaxAttempts": 300}


@dataclass(frozen=True)
class Finished:
    """A job that completed: what the learner was told of its files, its description, and its lines."""

    files: dict
    job: dict
    lines: list[str]


def ended(answer: Answer, name: str) -> dict[str, Any]:
    """The description of a transform job, once it has ended."""
    sagemaker = answer.client("sagemaker")
    with contextlib.suppress(WaiterError):  # what became of a failed job stands in its description
        sagemaker.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName=name, WaiterConfig=WAIT)
    return sagemaker.describe_transform_job(TransformJobName=name)


def put_rows(s3: Any, bucket: str, key: str, table: list[list], packed: bool) -> None:
    """Store rows as a file of CSV without a header; packed, its name ends in ``.gz``."""
    body = "".join(f"{line(row)}\n" for row in table).encode()
    s3.put_object(Bucket=bucket, Key=f"{key}.gz" if packed else key, Body=gzip.compress(body) if packed else body)


def lines_below(answer: Answer, uri: str) -> list[str]:
    s3, (bucket, _, prefix) = answer.client("s3"), uri.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    texts = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    return [line for text in texts for line in text.splitlines()]


def requests_of(answer: Answer, report: Report, given: list[dict]) -> list[dict]:
    """The learner's requests; reports the part ``request`` and returns nothing when one of them has a name."""
    requests = [answer.call("transform_request", one) for one in given]
    named = "`transform_request(...)` names the job; expected all but its name."
    return requests if report.part("request", not any("TransformJobName" in each for each in requests), named) else []


def started(answer: Answer, report: Report, requests: list[dict]) -> list[str]:
    """The names of jobs of these requests; reports the part ``request`` and ends with the first request that is not accepted."""
    names = []
    for request in requests:
        name = f"checks-m09-1-{answer.token()}"
        try:
            answer.client("sagemaker").create_transform_job(TransformJobName=name, **request)
        except (ClientError, ParamValidationError, TypeError) as error:
            said = cut(str(error), 300)
            report.part("request", False, f"The request of `transform_request(...)` was not accepted: {said}")
            break
        names.append(name)
    return names


def completed(answer: Answer, report: Report, given: list[dict], names: list[str]) -> list[Finished]:
    """The jobs, once they have ended; reports the part ``request`` and returns nothing when not all completed."""
    jobs = [ended(answer, name) for name in names]
    if len(jobs) < len(given):
        return []
    wrong = [_fault(answer, one, job) for one, job in zip(given, jobs, strict=True) if job["TransformJobStatus"] != "Completed"]
    if not report.part("request", not wrong, " ".join(wrong) or "Both jobs completed."):
        return []
    return [Finished(one, job, lines_below(answer, one["target"])) for one, job in zip(given, jobs, strict=True)]


def run(answer: Answer, report: Report, given: list[dict]) -> list[Finished]:
    """The jobs of the learner's requests for files that are in S3, side by side."""
    requests = requests_of(answer, report, given)
    return completed(answer, report, given, started(answer, report, requests)) if requests else []


def _fault(answer: Answer, given: dict, job: dict) -> str:
    what = f"{'packed ' if given['gzip'] else ''}files with the columns {given['columns']}, of which {given['id']!r} is the id,"
    return f"A job of `transform_request(...)` for {what} ended {job['TransformJobStatus']}. {_why(answer, job)}"


def _why(answer: Answer, job: dict) -> str:
    """What the data log of a job says, in a line."""
    logs, group = answer.client("logs"), "/aws/sagemaker/TransformJobs"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job['TransformJobName']}/")["logStreams"]
    names = [stream["logStreamName"] for stream in streams if stream["logStreamName"].endswith("/data-log")]
    if not names:
        return f"Its reason: {job.get('FailureReason', 'none')}"
    events = logs.filter_log_events(logGroupName=group, logStreamNames=names)["events"]
    said = [event["message"].rpartition(".csv: ")[2].rpartition(".gz: ")[2].strip() for event in events[1:]]
    return f"Its data log says: {' '.join(dict.fromkeys(filter(None, said)))[:300]}."


def judge_rows(report: Report, finished: Finished, wanted: Mapping[str, float | None]) -> None:
    """Report ``rows``, ``answers`` and ``payload`` of one job. ``wanted`` has the answer of each id, None where it is not known."""
    most, largest = finished.files["payload_mb"], finished.job.get("MaxPayloadInMB")
    size = f"{largest} MB" if largest else "as many MB as the default allows"
    said = f"The job's requests may have {size}: is that what `payload_mb` of these files says?"
    report.part("payload", largest == most, said)
    rows = [next(csv.reader(io.StringIO(line)), []) for line in finished.lines]
    found = Counter(row[0] for row in rows if len(row) == 2 and row[0] in wanted)
    whole = set(found) == set(wanted) and found.total() == len(rows)
    said = f"{len(wanted):,} rows in, {len(rows):,} lines out. {_of_rows(finished, rows, found, wanted)}"
    report.part("rows", whole, said)
    known = {name for name, number in wanted.items() if number is not None}
    near = sum(len(row) == 2 and row[0] in known and _near(row[1], wanted[row[0]]) for row in rows)
    said = f"{near:,} of {len(known):,} rows have the answer that the model gives to their eight columns"
    why = "which columns did it see, and which was stored?" if near < len(known) else "but not each row has a line of its own."
    report.part("answers", whole and near == len(known), f"{said}: {why}")


def _of_rows(finished: Finished, rows: list[list[str]], found: Counter, wanted: Mapping[str, float | None]) -> str:
    if not rows:
        return f"Nothing lies below {finished.files['target']}."
    if not found and len(rows) > 1:
        first = f"No line has the two fields id and answer; the first is {','.join(rows[0])[:80]!r}."
        return f"{first} Is the answer joined with its row, and what of that is stored?"
    broken = next((row for row in rows if len(row) != 2), None)
    if broken is not None:
        return f"Not all lines have two fields, for instance {','.join(broken)[:80]!r}: what stands between two answers?"
    return f"{len(wanted) - len(found):,} ids have no line of their own."


def _near(text: str, number: float) -> bool:
    try:
        return abs(float(text) - number) < 1e-5
    except ValueError:
        return False
