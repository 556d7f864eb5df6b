"""m04_2_ex1: the learner's failed jobs, their logs, and the same jobs again with the learner's repairs."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises import failed_jobs
from course.grading import Answer
from course.grading.citing import cites, class_alone, passing, statements
from course.grading.jobs import ended, log_streams

AT_ONCE = 4  # instances in training jobs that a new account may run
FIELDS = (
    "RoleArn",
    "AlgorithmSpecification",
    "HyperParameters",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
)
# By cause, the field that a repair changes; of all other causes it is S3Uri.
FIELD_OF = {"channel": "ChannelName", "format": "ContentType", "objective": "objective", "range": "range"}
SHOWN = 60  # characters of a learner's words that a message repeats


@dataclass(frozen=True)
class Rerun:
    """A job that ran again from the repaired request: the share that the repair earns, the reason, and the log of a job that ended well."""

    share: float
    message: str = ""
    log: tuple[str, ...] = ()


def jobs_of(answer: Answer) -> dict[str, dict]:
    """The description of each ticket's latest job with the ticket's request, else of its latest job. Repaired jobs may have its name."""
    sagemaker, found = answer.client("sagemaker"), {}
    for ticket, request in failed_jobs.requests(answer.variant(), "image", "role", "s3://bucket/data").items():
        listed = sagemaker.list_training_jobs(NameContains=f"{ticket}-", SortBy="CreationTime", SortOrder="Descending")
        names = [summary["TrainingJobName"] for summary in listed["TrainingJobSummaries"]]
        described = (sagemaker.describe_training_job(TrainingJobName=name) for name in names or [ticket])
        drawn = next((job for job in described if _asks(job) == _asks(request)), None)
        found[ticket] = drawn or sagemaker.describe_training_job(TrainingJobName=names[0])
    return found


def _asks(request: dict) -> tuple:
    """The members of a request in which tickets and repairs differ, without what depends on the learner's bucket."""
    channels = {
        channel["ChannelName"]: (channel.get("ContentType"), channel["DataSource"]["S3DataSource"]["S3Uri"].rpartition("/data/")[2])
        for channel in request["InputDataConfig"]
    }
    return request["HyperParameters"], request["StoppingCondition"], channels


def log_of(logs: Any, job: dict) -> list[str]:
    """All lines that the job printed."""
    streams = log_streams(logs, "training", job["TrainingJobName"])
    return [line for lines in streams.values() for line in lines]


# ---- repairs -------------------------------------------------------------------------------------------------------------------------


def reruns(answer: Answer, jobs: dict[str, dict], repairs: dict[str, dict], doing: Callable[[str], None]) -> dict[str, Rerun]:
    """Each job again with its repair, side by side."""
    sagemaker, logs = answer.client("sagemaker"), answer.client("logs")
    found: dict[str, Rerun] = {}
    started: dict[str, str] = {}
    for ticket, job in jobs.items():
        name = f"again-m04-2-{answer.token()}"
        if len(started) == AT_ONCE:
            ended(sagemaker, "training", next(iter(started.values())))
        doing(f"runs {ticket} again with your change")
        try:
            sagemaker.create_training_job(TrainingJobName=name, **_repaired(_request(job), repairs[ticket]))
            started[ticket] = name
        except (KeyError, TypeError, ClientError, ParamValidationError) as error:
            found[ticket] = Rerun(0.0, f"{ticket}: the repaired request was not accepted: {str(error)[:200]}")
    for ticket, name in started.items():
        again = ended(sagemaker, "training", name)
        share, message = _judged(ticket, _request(jobs[ticket]), again, repairs[ticket])
        found[ticket] = Rerun(share, message, tuple(log_of(logs, again)) if share else ())
    return {ticket: found[ticket] for ticket in jobs}


def _judged(ticket: str, before: dict, again: dict, repair: dict) -> tuple[float, str]:
    """The share that a repair earns, and the reason. ``before`` is the request at fault, ``again`` the description of the repaired job."""
    if again["TrainingJobStatus"] != "Completed":
        if set(repair) == {"StoppingCondition.MaxRuntimeInSeconds"}:
            return 0.0, f"{ticket}: It ran longer and failed for the same reason: time was not it."
        name, status = again["TrainingJobName"], again["TrainingJobStatus"]
        said = f"{ticket}: the job ran again as {name} with your change of {', '.join(repair)} and ended {status}, expected Completed."
        return 0.0, f"{said} Read its log."
    if "validation:auc" not in {metric["MetricName"] for metric in again.get("FinalMetricDataList", [])}:
        return 0.0, f"{ticket}: the job ends well, but no longer reports the AUC on the validation channel."
    for channel in again["InputDataConfig"]:
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        if f"/data/{channel['ChannelName']}/" not in uri:
            said = f"{ticket}: the job ends well, but it is another job: its channel {channel['ChannelName']!r} reads {uri!r}, other data."
            return 0.0, said
    touched = max(len(repair), _differing(before, _request(again)))
    if touched > 1:
        return 0.5, f"{ticket}: the job ends well, but the repair changes {touched} fields: more than the fault."
    return 1.0, ""


def _request(job: dict) -> dict:
    """The request that was made for a job."""
    request = {name: copy.deepcopy(job[name]) for name in FIELDS}
    for extra in ("MetricDefinitions", "EnableSageMakerMetricsTimeSeries"):
        request["AlgorithmSpecification"].pop(extra, None)
    return request


def _repaired(request: dict, repair: dict) -> dict:
    """The request with the changes. Raises KeyError when it has no such field."""
    changes = []
    for path, value in repair.items():
        *way, last = path.split(".")
        place: Any = request
        for step in way:
            place = _channel(place, step) if isinstance(place, list) else place[step]
        changes.append((place, last, value))
    for place, last, value in changes:  # after all were looked up: a channel may be renamed
        place[last] = value
    return request


def _channel(channels: list[dict], name: str) -> dict:
    found = [channel for channel in channels if channel["ChannelName"] == name]
    if not found:
        names = " and ".join(repr(channel["ChannelName"]) for channel in channels)
        raise KeyError(f"no channel is called {name!r}; the request has {names}")
    return found[0]


def _differing(one: Any, other: Any) -> int:
    """The number of fields in which two requests differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(_differing(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return sum(map(_differing, one, other))
    return int(one != other)


# ---- evidence ------------------------------------------------------------------------------------------------------------------------


def doubtful_line(ticket: str, cited: str, logs: dict[str, list[str]], again: Rerun) -> str:
    """Why words cited from the log of a ticket's job cannot show its fault; "" when nothing speaks against them."""
    shown = repr(cited if len(cited) <= SHOWN else f"{cited[:SHOWN]}...")
    if not cites(cited, logs[ticket]):
        return f"{ticket}: its log has no line with {shown}; expected words of a line of this job's log."
    if all(cites(cited, lines) for lines in logs.values()):
        return f"{ticket}: {shown} is in the logs of all five jobs; expected words that tell this job from the others."
    if passing(cited):
        return f"{ticket}: {shown} has a time or an address that the next run will not have; expected words without."
    if class_alone(cited):
        return f"{ticket}: {shown} names a class of exceptions, and many faults end in one; expected words of the message."
    if not cites(cited, statements(logs[ticket])):
        said = "is a place in the program, or announces what the next line says"
        return f"{ticket}: {shown} {said}; expected words that say what was wrong."
    if others := [other for other, lines in logs.items() if other != ticket and cites(cited, lines)]:
        return f"{ticket}: {shown} is also in the log of {' and of '.join(others)}; expected words of this job's log alone."
    if cites(cited, again.log):
        return f"{ticket}: {shown} is also in the log of the job that ended well after your repair: it shows no fault."
    return ""


# ---- causes --------------------------------------------------------------------------------------------------------------------------


def fields(repair: dict) -> dict:
    """A repair with the path of each field by itself, also where a dictionary of several was put in."""
    alone = {}
    for path, value in repair.items():
        alone |= {f"{path}.{name}": part for name, part in fields(value).items()} if isinstance(value, dict) else {path: value}
    return alone


def _kind(path: str) -> str:
    """The field of a path, as `FIELD_OF` has it."""
    last = path.rpartition(".")[2]
    return "range" if path.startswith("HyperParameters.") and last != "objective" else last


def doubtful_cause(ticket: str, cause: str, job: dict, repair: dict, s3: Any) -> str:
    """What speaks against a cause, once the job ends well with the repair; "" when nothing does."""
    path = next((path for path in fields(repair) if _kind(path) == FIELD_OF.get(cause, "S3Uri")), "")
    last = (path or next(iter(repair))).rpartition(".")[2]
    if not path:
        return f"{ticket}: the cause is {cause!r}, but the job ends well with another {last}. Do the two go together?"
    if last != "S3Uri":
        return ""
    read = {one["ChannelName"]: _read(s3, one["DataSource"]["S3DataSource"]["S3Uri"]) for one in job["InputDataConfig"]}
    keys, first = read[path.split(".")[1]]
    folders = {key.rpartition("/")[0] for key in keys}
    if len(folders) > 1:
        fits, seen = "prefix", f"matches {' and '.join(keys)}"
    elif re.search("[a-z]{2}", first):
        fits, seen = "header", f"begins with {first[:30]!r}"
    elif first.split(",")[0] in ("0", "1"):
        widths = (f"{line.count(',') + 1} columns in {name!r}" for name, (_, line) in read.items())
        fits, seen = "columns", f"has {' and '.join(widths)}"
    else:
        fits, seen = "labels", f"begins with {first[:30]!r}"
    return "" if fits == cause else f"{ticket}: the cause is {cause!r}, but what the job read {seen}. What is wrong with that?"


def _read(s3: Any, uri: str) -> tuple[list[str], str]:
    """The keys that a prefix matches, below the lesson's data, and the first line of the first."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    first = s3.get_object(Bucket=bucket, Key=keys[0])["Body"].read().decode().partition("\n")[0]
    return [key.partition("/data/")[2] for key in keys], first
