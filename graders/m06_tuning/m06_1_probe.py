"""The searches that m06_1 checks: the learner's own, on data of the check, and those of the five tickets, with their logs."""

from __future__ import annotations

import contextlib
import copy
import random
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from botocore.waiter import WaiterModel, create_waiter_with_client

from course.grading import Answer, AnswerError, Report
from course.grading.jobs import log_streams

STATUS, NAME = "HyperParameterTuningJobStatus", "HyperParameterTuningJobName"
OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"
PRINTED = re.compile(r"validation AUC ([0-9.]+)")
CHILD = re.compile(r"-(\d{3})-[^-/]*(?:/|$)")  # a training job is called after its search, its number and some letters
AT_ONCE = 2  # children at a time: a new account may run four instances in training jobs
WIDE = 100  # from here on a range is one that needs a logarithmic scale: most / least


def ended(sagemaker: Any, name: str) -> dict:
    """The description of a tuning job, once it has ended."""
    ends = [{"state": "success", "matcher": "path", "argument": STATUS, "expected": end} for end in ("Completed", "Failed", "Stopped")]
    waiter = {"operation": "DescribeHyperParameterTuningJob", "delay": 1, "maxAttempts": 120, "acceptors": ends}
    create_waiter_with_client("Ended", WaiterModel({"version": 2, "waiters": {"Ended": waiter}}), sagemaker).wait(**{NAME: name})
    return sagemaker.describe_hyper_parameter_tuning_job(**{NAME: name})


def children(sagemaker: Any, name: str) -> list[dict]:
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(**{NAME: name})
    return [summary for page in pages for summary in page["TrainingJobSummaries"]]


@contextlib.contextmanager
def nothing_left(sagemaker: Any) -> Iterator[None]:
    """Stop the searches of the block that go on after it, as those of an answer that does not wait: they hold instances of the account."""
    before = _going_on(sagemaker)
    try:
        yield
    finally:
        for name in _going_on(sagemaker) - before:
            with contextlib.suppress(ClientError):  # it has just ended
                sagemaker.stop_hyper_parameter_tuning_job(**{NAME: name})
            ended(sagemaker, name)


def _going_on(sagemaker: Any) -> set[str]:
    return _searches(sagemaker, StatusEquals="InProgress")


def _searches(sagemaker: Any, **asked: Any) -> set[str]:
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(**asked)
    return {summary[NAME] for page in pages for summary in page["HyperParameterTuningJobSummaries"]}


def judge_again(answer: Answer, report: Report) -> None:
    """Whether the learner's search can be called a second time."""
    report.doing("calls your search a second time")
    report.finished("limits", "objective", "ranges", "winner")
    uris = _data(answer)
    with nothing_left(answer.client("sagemaker")):
        _called(answer, report, uris, 1, 600)


def _called(answer: Answer, report: Report, uris: dict[str, str], jobs: int, seconds: int) -> dict[str, str] | None:
    """What the learner's search returns. If it raises an error that has a usual cause, the report says so, and this is None.

    Raises
    ------
    AnswerError
        When it raises another error.
    """
    sagemaker = answer.client("sagemaker")
    before = _searches(sagemaker)
    try:
        return answer.call("search", uris["train"], uris["validation"], jobs, seconds)
    except AnswerError as error:
        said = _usual_cause(sagemaker, str(error), _searches(sagemaker) - before)
        if not said:
            raise
        report.part("winner", False, f"`search(..., {jobs}, {seconds})` {said}")
        return None


def _usual_cause(sagemaker: Any, error: str, made: set[str]) -> str:
    """Why a search failed that made these tuning jobs, "" when it is none of the usual causes."""
    if "ResourceInUse" in error:
        return "works once; called again, it asks for a name that is taken. A name must be another one each time, also within a minute."
    if "Best training job not available" in error:  # the SDK's words
        return "asked for the winner before the search had ended: does `tune` wait for the end?"
    for name in made:
        described = sagemaker.describe_hyper_parameter_tuning_job(**{NAME: name})
        channels = described["TrainingJobDefinition"].get("InputDataConfig", [])
        if described[STATUS] == "Failed" and any(each.get("ContentType", "None") == "None" for each in channels):
            return "made a search whose channels have no content type: XGBoost took the CSV for another format, and all children failed."
    return ""


def judge_search(answer: Answer, report: Report, jobs: int, seconds: int) -> None:
    """Whether the learner's search, on other data, keeps its limits, looks for the right thing and hands over its winner."""
    with nothing_left(answer.client("sagemaker")):
        _judge_search(answer, report, jobs, seconds)


def _judge_search(answer: Answer, report: Report, jobs: int, seconds: int) -> None:
    sagemaker = answer.client("sagemaker")
    uris = _data(answer)
    report.doing(f"runs your search with {jobs} children")
    got = _called(answer, report, uris, jobs, seconds)
    if got is None:
        return
    called = f"`search(..., {jobs}, {seconds})`"
    if set(got) != {"tuning_job", "training_job", "model"} or not all(isinstance(value, str) for value in got.values()):
        report.part("winner", False, f"{called} returned {got!r}; expected 'tuning_job', 'training_job' and 'model', all of them text.")
        return
    job = sagemaker.describe_hyper_parameter_tuning_job(**{NAME: got["tuning_job"]})
    status = job[STATUS]
    job = ended(sagemaker, got["tuning_job"])
    reads = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["TrainingJobDefinition"].get("InputDataConfig", [])]
    if not report.part("winner", set(reads) == set(uris.values()), f"{called} searched on {reads}; expected the data that it was given."):
        return
    _check_limits(report, called, job, jobs, seconds)
    _check_objective(report, called, job)
    _check_ranges(report, called, job)
    if report.part("winner", status == "Completed", f"When {called} returned, the tuning job was {status}: who has won is not known yet."):
        _check_winner(report, called, sagemaker, got, job)


def _data(answer: Answer) -> dict[str, str]:
    """Rows whose label hangs on two of three columns, with noise; the channels as files in the account's bucket."""
    s3, name = answer.client("s3"), f"graded-m06-1-{answer.token()}"
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("sagemaker-"))
    uris = {}
    for channel, count in (("train", 500), ("validation", 400)):
        s3.put_object(Bucket=bucket, Key=f"{name}/{channel}/part-0.csv", Body="\n".join(_row(answer.rng) for _ in range(count)).encode())
        uris[channel] = f"s3://{bucket}/{name}/{channel}/part-0.csv"
    return uris


def _row(rng: random.Random) -> str:
    values = [rng.random() for _ in range(3)]
    late = values[0] * values[1] + rng.gauss(0, 0.2) > 0.3
    return ",".join([str(int(late)), *(f"{value:.3f}" for value in values)])


def _objective(job: dict) -> dict:
    """A request may have it in either place."""
    return job["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective") or job["TrainingJobDefinition"]["TuningObjective"]


def _check_limits(report: Report, called: str, job: dict, jobs: int, seconds: int) -> None:
    limits, wrong = job["HyperParameterTuningJobConfig"]["ResourceLimits"], []
    for member, wanted in (("MaxNumberOfTrainingJobs", jobs), ("MaxRuntimeInSeconds", seconds)):
        given = limits.get(member)
        if given != wanted:
            has = f"whose {member} is {given}" if given is not None else f"without {member}"
            wrong.append(f"{called} made a tuning job {has}; which of its arguments is that, of the whole search?")
    parallel = limits["MaxParallelTrainingJobs"]
    if parallel > AT_ONCE:
        wrong.append(f"{called} runs {parallel} children at a time: others need instances, too. How many does the text allow?")
    report.part("limits", not wrong, " ".join(wrong) or "The limits are kept.")


def _check_objective(report: Report, called: str, job: dict) -> None:
    objective = _objective(job)
    metric, kind = objective.get("MetricName", ""), objective.get("Type")
    if metric.startswith("train:"):
        report.part("objective", False, f"{called} looks for the best {metric}: a model that knows its training rows by heart would win.")
    elif not report.part("objective", metric == "validation:auc", f"{called} judges by {metric}; what is judged by in this notebook?"):
        return
    report.part("objective", kind == "Maximize", f"{called} looks for the smallest AUC: what would win is what sorts flights worst.")


def _check_ranges(report: Report, called: str, job: dict) -> None:
    ranges = job["HyperParameterTuningJobConfig"].get("ParameterRanges") or job["TrainingJobDefinition"].get("HyperParameterRanges", {})
    found = [each for kind in ("ContinuousParameterRanges", "IntegerParameterRanges") for each in ranges.get(kind, [])]
    count = sum(len(each) for each in ranges.values())
    if not report.part("ranges", count >= 3, f"{called} searches {count} hyperparameters; expected at least three."):
        return
    for each in found:
        least, most = float(each["MinValue"]), float(each["MaxValue"])
        linear = each.get("ScalingType", "Auto") == "Linear" and (least <= 0 or most / least >= WIDE)
        said = f"{called} searches {each['Name']} from {least:g} to {most:g} on a linear scale: how many of its trials are small?"
        if not report.part("ranges", not linear, said):
            return


def _check_winner(report: Report, called: str, sagemaker: Any, got: dict, job: dict) -> None:
    maximise = _objective(job)["Type"] == "Maximize"
    values = {each["TrainingJobName"]: each[OBJECTIVE]["Value"] for each in children(sagemaker, got["tuning_job"]) if OBJECTIVE in each}
    if not report.part("winner", got["training_job"] in values, f"{called} named a winner that is no training job of this search."):
        return
    best = (max if maximise else min)(values.values())
    mine = values[got["training_job"]]
    if not report.part("winner", mine == best, f"{called} named a training job that reached {mine:.4f}; another one did better."):
        return
    model = sagemaker.describe_training_job(TrainingJobName=got["training_job"])["ModelArtifacts"]["S3ModelArtifacts"]
    report.part("winner", got["model"] == model, f"{called} returned the model {got['model']!r}, which is not the winner's.")


def ticket(sagemaker: Any, logs: Any, name: str) -> Search:
    """The latest search of a ticket, as ``ticket-1``. Raises `AnswerError` when there is none."""
    asked = {"NameContains": f"{name}-", "SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 1}
    found = sagemaker.list_hyper_parameter_tuning_jobs(**asked)["HyperParameterTuningJobSummaries"]
    if not found:
        raise AnswerError(f"There is no search of {name} any more; run the cell that makes the five again.")
    return Search(sagemaker, logs, found[0][NAME])


class Search:
    """A tuning job that has ended, with what its training jobs printed."""

    def __init__(self, sagemaker: Any, logs: Any, name: str) -> None:
        self._sagemaker, self._logs = sagemaker, logs
        self.description = sagemaker.describe_hyper_parameter_tuning_job(**{NAME: name})
        self.children = children(sagemaker, name)

    @cached_property
    def streams(self) -> dict[str, list[str]]:
        """The lines of each log stream of its training jobs."""
        found = {}
        for child in self.children:
            found |= log_streams(self._logs, "training", child["TrainingJobName"])
        return found

    def stream(self, named: str) -> str | None:
        """The log stream that is meant: the one of this name, or, since names change from run to run, of the child with its number."""
        number = CHILD.search(named)
        same = (stream for stream in self.streams if number and CHILD.search(stream)[1] == number[1])
        return named if named in self.streams else next(same, None)

    def cited(self, stream: str, words: str) -> list[str]:
        """The lines of a stream that the words are copied from."""
        return [line for line in self.streams.get(self.stream(stream), []) if words.strip() in line]

    def request(self, changes: dict[str, Any]) -> dict:
        """The request that was made, with the changes. Raises KeyError or TypeError when it has no such field."""
        request = {part: copy.deepcopy(self.description[part]) for part in ("HyperParameterTuningJobConfig", "TrainingJobDefinition")}
        request["TrainingJobDefinition"]["StaticHyperParameters"].pop("_tuning_objective_metric", None)
        places = []
        for path, value in changes.items():
            *way, last = path.split(".")
            place: Any = request
            for step in way:
                place = _item(place, step) if isinstance(place, list) else place[step]
            places.append((place, last, value))
        for place, last, value in places:  # after all were looked up: a channel may be renamed
            if last not in place:
                raise KeyError(f"there is no field {last!r}")
            place[last] = value
        return request


def _item(items: list[dict], name: str) -> dict:
    for item in items:
        if name in (item.get("ChannelName"), item.get("Name")):
            return item
    raise KeyError(f"nothing is called {name!r}")
