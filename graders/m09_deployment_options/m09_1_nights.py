"""What is said of the five bad nights, what they left behind, and their requests made again with the learner's changes."""

from __future__ import annotations

import copy
import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.exercises import bad_nights
from course.exercises.bad_nights import FAULTS, NIGHTS, QUEUED, SILENT
from course.grading import Answer, Report
from course.grading.citing import cites, passing

from .m09_1_batch import ended, lines_below
from .m09_1_queue import apart, outcome, stored

GROUP = "/aws/sagemaker/TransformJobs"
AT_A_TIME = 4  # instances in transform jobs that a new account may run
FLIGHT_ID = r"(flight|late-added|before)-\d+"
# How the members of CreateTransformJob and InvokeEndpointAsync begin that may be at fault.
TOPS = ("Accept", "Batch", "Content", "Data", "Endpoint", "Environment", "Input", "Invocation", "Max", "Model", "Request", "Transform")
# The members of a request that a cause is about.
MEMBERS = {
    "assemble": ("AssembleWith", "MaxPayloadInMB"),
    "columns": ("InputFilter",),
    "gzip": ("S3Uri", "CompressionType"),
    "header": ("S3Uri",),
    "join": ("JoinSource",),
    "key": ("InputLocation",),
    "output": ("OutputFilter",),
    "payload": ("SplitType", "MaxPayloadInMB"),
    "prefix": ("S3Uri",),
    "shift": ("InputFilter",),
    "type": ("ContentType",),
}
# What many faults leave: the class of an error and its status, and what XGBoost's container says of all that it cannot read.
OF_MANY_FAULTS = re.compile(
    r"\w*(?:error|exception)\b|\bclass\b|\bstatus\b|\bmessage\b|\bcode\b|[\W\d_]+"
    r"|loading csv data failed with|please ensure data is in csv format|could not convert string to float",
    re.IGNORECASE,
)
SETTINGS = re.compile(r"MaxPayloadInMB=|(?:Error: \d+|Message:|: )$")  # lines of a data log that say nothing of a fault


def check_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form`` with all that is wrong."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    wrong = [
        f"`{name}` has the keys {sorted(map(str, given))}; expected the five nights."
        for name, given in (("diagnoses", diagnoses), ("repairs", repairs))
        if set(given) != set(NIGHTS)
    ]
    if not wrong:
        wrong = [said for night in NIGHTS for said in (_form_of_diagnosis(night, diagnoses[night]), _form_of_repair(night, repairs[night]))]
    wrong = [said for said in wrong if said]
    return report.part("form", not wrong, " ".join(wrong) or "Diagnoses and repairs have their form.")


def _form_of_diagnosis(night: str, diagnosis: Any) -> str:
    texts = isinstance(diagnosis, dict) and all(isinstance(value, str) for value in diagnosis.values())
    if not texts or set(diagnosis) != {"cause", "evidence"}:
        return f"The diagnosis of {night} is {diagnosis!r}; expected 'cause' and 'evidence', both text."
    return "" if diagnosis["cause"] in FAULTS else f"The cause of {night} is {diagnosis['cause']!r}; expected a word of the table."


def _form_of_repair(night: str, repair: Any) -> str:
    if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
        return f"The repair of {night} is {repair!r}; expected a dict from the path of a field to its new value."
    strange = next((path for path in repair if not path.startswith(TOPS)), "")
    expected = "expected one from the top of the request, as 'DataProcessing.' begins"
    return f"The repair of {night} has the path {strange!r}; {expected}." if strange else ""


def job_of(answer: Answer, night: str) -> dict[str, Any]:
    """The description of the night's latest transform job."""
    sagemaker = answer.client("sagemaker")
    found = sagemaker.list_transform_jobs(NameContains=f"{night}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
    names = [summary["TransformJobName"] for summary in found["TransformJobSummaries"]]
    return sagemaker.describe_transform_job(TransformJobName=names[0] if names else night)


def log_of(answer: Answer, job: dict) -> list[str]:
    """What a transform job said of its data."""
    logs = answer.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job['TransformJobName']}/")["logStreams"]
    names = [stream["logStreamName"] for stream in streams if stream["logStreamName"].endswith("/data-log")]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


def changed(request: dict, change: dict) -> dict:
    """A request with other values at some paths. Raises KeyError, TypeError where there is no such place."""
    request = copy.deepcopy(request)
    for path, value in change.items():
        *way, last = path.split(".")
        place = request
        for step in way:
            place = place[step]
        place[last] = value
    return request


def rows_of(answer: Answer, job: dict) -> list[list[str]]:
    """The lines that a job stored, as fields."""
    lines = lines_below(answer, f"{job['TransformOutput']['S3OutputPath']}/")
    return [next(csv.reader(io.StringIO(line)), []) for line in lines]


class Nights:
    """The learner's five nights: their faulty requests, and what each left behind.

    Attributes
    ----------
    jobs : dict
        The description of the transform job of each night that has one.
    logs : dict
        The lines of each night's data log, or of the object at its failure location; empty for a job that completed.
    """

    def __init__(self, answer: Answer, endpoint: str) -> None:
        self._answer, self._endpoint = answer, endpoint
        queued = {night for night, request in bad_nights.requests(answer.variant(), "", "", "", "").items() if "InputLocation" in request}
        self.jobs = {night: job_of(answer, night) for night in NIGHTS if night not in queued}
        any_job = next(iter(self.jobs.values()))
        place = any_job["TransformOutput"]["S3OutputPath"].partition("/out/")[0]
        self._model, self._folder, self._target = any_job["ModelName"], f"{place}/nights", f"{place}/out/graded-{answer.token()}"
        self.requests = bad_nights.requests(answer.variant(), self._model, endpoint, self._folder, self._target)
        self.logs = {night: self._log(night) for night in NIGHTS}
        self.wanted: list[list[str]] = []
        self._harmless: list[str] = []

    def _log(self, night: str) -> list[str]:
        if night not in self.jobs:
            return stored(self._answer, self.requests[night], good=False).splitlines()
        job = self.jobs[night]
        return [] if job["TransformJobStatus"] == "Completed" else log_of(self._answer, job)

    def rerun(self, repairs: dict[str, dict]) -> dict[str, tuple[float, str]]:
        """Share and message of each repair; the repaired jobs run side by side, and beside them one without a fault."""
        started, found = {"": self._start_sound()}, {}
        for night, request in self.requests.items():
            try:
                repaired = changed(request, repairs[night])
                if night not in self.jobs:
                    found[night] = self._asked(night, repaired, repairs[night])
                    continue
                if len(started) == AT_A_TIME:
                    ended(self._answer, started[""])
                started[night] = self._start(repaired)
            except (KeyError, TypeError):
                found[night] = (0.0, f"{night}: its request has no such place as {' or '.join(repairs[night])}.")
            except (ClientError, ParamValidationError) as error:
                found[night] = (0.0, f"{night}: the repaired request was not accepted: {' '.join(str(error).split())[:200]}.")
        jobs = {night: ended(self._answer, name) for night, name in started.items()}
        self._take_sound(jobs.pop(""))
        return found | {night: self._judged(night, job, repairs[night]) for night, job in jobs.items()}

    def run_sound(self) -> None:
        """Run the job without a fault alone; `is_odd` compares with its lines."""
        self._take_sound(ended(self._answer, self._start_sound()))

    def _start_sound(self) -> str:
        """Start a job that stores the id of each flight of the day, and what the model answers to it."""
        source = {"S3DataType": "S3Prefix", "S3Uri": f"{self._folder}/day/"}
        request = {
            "ModelName": self._model,
            "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {"S3OutputPath": f"{self._target}/sound", "Accept": "text/csv", "AssembleWith": "Line"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "BatchStrategy": "MultiRecord",
            "MaxPayloadInMB": 1,
            "DataProcessing": {"InputFilter": "$[2:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
        }
        return self._start(request)

    def _take_sound(self, job: dict) -> None:
        self.wanted, self._harmless = sorted(rows_of(self._answer, job)), log_of(self._answer, job)

    def _start(self, request: dict) -> str:
        name = f"graded-m09-1-{self._answer.token()}"
        self._answer.client("sagemaker").create_transform_job(TransformJobName=name, **request)
        return name

    def _asked(self, night: str, request: dict, repair: dict) -> tuple[float, str]:
        asked = {"EndpointName": self._endpoint, "InputLocation": f"{self._folder}/question/part-0.csv", "ContentType": "text/csv"}
        right = stored(self._answer, asked, good=True)
        said = outcome(self._answer, request)
        if said is None:
            said = f"{night}: the question was sent again with your change of {', '.join(repair)}, and there is no answer to it."
            return 0.0, f"{said} What does its failure location say?"
        if said != right:
            return 0.0, f"{night}: with your change the endpoint answers, but to another question."
        return self._smallest(night, repair)

    def _judged(self, night: str, job: dict, repair: dict) -> tuple[float, str]:
        again = f"{night}: the job ran again with your change of {', '.join(repair)}"
        if job["TransformJobStatus"] != "Completed":
            return 0.0, f"{again} and ended {job['TransformJobStatus']}. Start it yourself, and read its data log."
        rows = sorted(rows_of(self._answer, job))
        if rows != self.wanted:
            right = len({tuple(row) for row in rows} & {tuple(row) for row in self.wanted})
            said = f"{len(rows):,} lines came out, and {right:,} of {len(self.wanted):,} flights have a line with their answer"
            return 0.0, f"{again} and completed: {said}."
        return self._smallest(night, repair)

    def _smallest(self, night: str, repair: dict) -> tuple[float, str]:
        before, after = fields(self.requests[night]), fields(changed(self.requests[night], repair))
        differ = sum(before.get(path) != after.get(path) for path in before | after)
        if (number := max(len(repair), differ)) > 1:
            return 0.5, f"{night}: it is mended, but the repair changes {number} fields: more than the fault."
        return 1.0, ""

    def doubtful_evidence(self, night: str, cited: str) -> str:
        """What speaks against the words or the flight that are cited, or ""."""
        if words := passing(cited):
            return f"{night}: {words!r} is another one each time; expected words without times and addresses."
        own = self.logs[night]
        if not own:
            if not re.fullmatch(FLIGHT_ID, cited):
                return f"{night}: the job completed, so its lines are the evidence, and {cited[:60]!r} is no id of a flight."
            if self.is_odd(night, cited):
                return ""
            expected = "expected one whose line is missing, wrong, or should not be there."
            return f"{night}: {cited!r} has one line with its answer, or is no flight of that night; {expected}"
        place = "data log" if night in self.jobs else "failure location"
        if not cites(cited, own):
            return f"{night}: its {place} has no line with {cited[:60]!r}; expected words of a line there."
        if not OF_MANY_FAULTS.sub("", cited.strip()) or cites(cited, filter(SETTINGS.search, own)):
            return f"{night}: {cited[:60]!r} says that something failed, not what; expected words that another fault would not leave."
        others = [other for other, lines in self.logs.items() if other != night and cites(cited, lines)]
        if others or cites(cited, self._harmless):
            return f"{night}: {cited[:60]!r} stands elsewhere, too ({', '.join(others) or 'in the log of a job without a fault'})."
        return ""

    def is_odd(self, night: str, flight: str) -> bool:
        """Whether the flight's lines of a job that completed are missing, too many, or not as they should be."""
        wanted = [row for row in self.wanted if row[0] == flight]
        own = [row for row in rows_of(self._answer, self.jobs[night]) if row[0] == flight]
        return own != wanted

    def doubtful_cause(self, night: str, cause: str, repair: dict) -> str:
        """What speaks against a cause, or ""."""
        if (night not in self.jobs) != (cause in QUEUED):
            kind = "a transform job" if night in self.jobs else "a question to an endpoint"
            return f"{night}: the cause is {cause!r}, and the request was {kind}: can it have that fault?"
        status = self.jobs[night]["TransformJobStatus"] if night in self.jobs else "Failed"
        if (status == "Completed") != (cause in SILENT):
            return f"{night}: the cause is {cause!r}, and the job's status is {status}: does that fault end a job?"
        if not any(member in f"{path}: {value}" for path, value in repair.items() for member in MEMBERS[cause]):
            return f"{night}: the cause is {cause!r}, and the repair changes {', '.join(repair)}: can both be right?"
        if "S3Uri" in MEMBERS[cause] and cause not in self._faults_of_files(night):
            uri = self.jobs[night]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
            return f"{night}: the cause is {cause!r}: do the keys that begin with {uri!r}, and the first line of such a file, say so?"
        return ""

    def _faults_of_files(self, night: str) -> set[str]:
        """Causes that the files themselves show which a night's job read."""
        s3 = self._answer.client("s3")
        bucket, prefix = apart(self.jobs[night]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
        found = {"prefix"} if len({key.rpartition("/")[0] for key in keys}) > 1 else set()
        beginnings = [s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-200")["Body"].read() for key in keys]
        found |= {"gzip"} if any(start.startswith(b"\x1f\x8b") for start in beginnings) else set()
        return found | ({"header"} if any(b"weekday" in start for start in beginnings) else set())


def fields(request: Any, path: str = "") -> dict[str, Any]:
    """Each field of a request by its path."""
    if not isinstance(request, dict):
        return {path: request}
    return {at: value for name, inner in request.items() for at, value in fields(inner, f"{path}.{name}" if path else name).items()}


def check_nights(answer: Answer, report: Report, nights: Nights) -> None:
    """Report ``repair``, ``evidence`` and ``cause`` with all that speaks against them."""
    diagnoses, repairs = answer.value("diagnoses"), answer.value("repairs")
    report.doing("runs your four jobs again with the repairs, and a sound one")
    again = nights.rerun(repairs)
    shares = [again[night][0] for night in NIGHTS]
    report.part("repair", sum(shares) / len(NIGHTS), _all(again[night][1] for night in NIGHTS) or "All five nights are mended.")
    doubts = [nights.doubtful_evidence(night, diagnoses[night]["evidence"]) for night in NIGHTS]
    report.part("evidence", 1 - sum(map(bool, doubts)) / len(NIGHTS), _all(doubts) or "All that is cited is there.")
    doubts = [nights.doubtful_cause(night, diagnoses[night]["cause"], repairs[night]) for night in NIGHTS]
    if any(doubts) or all(shares):  # a cause is known to be right only when its repair mends the night
        report.part("cause", 1 - sum(map(bool, doubts)) / len(NIGHTS), _all(doubts) or "Nothing speaks against them.")
    else:
        report.part("cause", False, "Judged once every repair holds.")


def _all(said: Iterable[str]) -> str:
    return "\n".join(filter(None, said))
