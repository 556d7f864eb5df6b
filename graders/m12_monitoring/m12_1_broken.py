"""The learner's broken monitors, run again with the learner's repairs over an hour of traffic that is broken itself (m12_1_ex3)."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.cleanup import delete_objects
from course.exercises.broken_monitors import MONITORS, repaired
from course.exercises.repairs import changed
from course.grading import Answer, AnswerError, Report
from course.grading.jobs import execution_ended
from course.grading.short_repr import cut

from .m12_1_analyses import report as report_of
from .m12_1_guard import drawn
from .m12_1_incoming import converted, lines, sensor_lost

SAID = 300  # characters of a text of AWS, or of a learner's path or value
LONGEST = 120  # seconds: the longest wait for an execution
# The window of a schedule that runs NOW ends with the second before it starts.
SECOND = 1.1
NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
BROKEN = {("humid", "completeness_check"), ("distance", "baseline_drift_check")}
ROWS, TRAINING = 2_000, (1, 2, 3)


@dataclass
class Trial:
    """A repaired monitor: its names in AWS, or why it does not run."""

    name: str
    setup: dict = field(default_factory=dict)
    refused: str = ""


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether repairs are such; reports the part ``form``."""
    repairs, said = answer.value("repairs"), ""
    if set(repairs) != set(MONITORS):
        said = f"`repairs` has the keys {sorted(map(str, repairs))}; expected {', '.join(map(repr, MONITORS))}."
    else:
        for each, repair in repairs.items():
            if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
                said = f"The repair of {each} is {cut(repr(repair), SAID)}; expected a dict from a path of the set-up to its new value."
                break
    return report.part("form", not said, said or "There is a repair for each monitor.")


def judge_repairs(answer: Answer, report: Report, setups: dict[str, dict]) -> None:
    """Run the monitors with their repairs, one after the other; reports the parts ``finds`` and ``smallest``.

    Parameters
    ----------
    setups : dict
        The broken set-up of each monitor.
    """
    repairs, said = answer.value("repairs"), {}
    with contextlib.ExitStack() as deleted:
        trials = {each: _prepared(answer, each, setups[each], repairs[each]) for each in MONITORS}
        endpoints = {_endpoint(setup) for setup in setups.values()}
        _send(answer, endpoints | {_endpoint(trial.setup) for trial in trials.values() if not trial.refused})
        for trial in trials.values():
            if not trial.refused:
                _start(answer, deleted, trial)
        for each, trial in trials.items():
            said[each] = trial.refused or _found(answer, deleted, trial)
    failed = [f"{each}: {why}" for each, why in said.items() if why]
    report.part("finds", 1 - len(failed) / len(MONITORS), " ".join(failed) or "All three do their work.")
    done = [each for each in MONITORS if not said[each]]
    counts = {each: max(len(repairs[each]), len(changed(setups[each], trials[each].setup))) for each in done}
    large = [f"The repair of {each} sets {count} values: more than the fault." for each, count in counts.items() if count > 1]
    unfound = [f"{each} does not work yet." for each in MONITORS if said[each]]
    report.part("smallest", (len(counts) - len(large)) / len(MONITORS), " ".join([*large, *unfound]) or "Each repair is one value.")


def _endpoint(setup: dict) -> str:
    return str(setup["definition"]["DataQualityJobInput"]["EndpointInput"]["EndpointName"])


def _prepared(answer: Answer, each: str, setup: dict, repair: dict) -> Trial:
    trial = Trial(f"again-{each}-{answer.token()}")
    try:
        trial.setup = repaired(setup, repair)
        if not changed(setup, trial.setup):
            trial.refused = "your change leaves the set-up as it is: it has these values."
        elif not {"definition", "schedule"} <= trial.setup.keys() or not isinstance(_endpoint(trial.setup), str):
            trial.refused = "the changed set-up has no definition or schedule."
    except KeyError as error:
        trial.refused = f"its set-up has no such path: {cut(', '.join(repair), SAID)}. Nothing is called {error} there."
    except TypeError:
        trial.refused = "the changed set-up has no endpoint, definition or schedule."
    return trial


def _send(answer: Answer, endpoints: set[str]) -> None:
    """Ask the endpoints that exist about an hour of broken flights: humidity of one airport missing, distances in kilometres.

    Raises
    ------
    AnswerError
        None of them exists.
    """
    rng = random.Random("an hour of broken flights")
    flights = sensor_lost(drawn(rng, TRAINING, ROWS), "humid", 1)
    body, runtime, known = (
        lines(converted(flights, "distance", lambda miles: (miles * 1.609).round().astype(int))),
        answer.client("sagemaker-runtime"),
        0,
    )
    for endpoint in sorted(endpoints):
        try:
            runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)
            known += 1
        except (ClientError, ParamValidationError):  # one fault is an endpoint that does not exist
            continue
    if not known:
        raise AnswerError("The endpoint of this notebook is gone: run the cell that deploys it, and the cells after it.")
    time.sleep(SECOND)


def _start(answer: Answer, deleted: contextlib.ExitStack, trial: Trial) -> None:
    """Create definition and schedule, which starts at once. Both are deleted at the end."""
    sagemaker = answer.client("sagemaker")
    try:
        sagemaker.create_data_quality_job_definition(JobDefinitionName=trial.name, **trial.setup["definition"])
        deleted.callback(sagemaker.delete_data_quality_job_definition, JobDefinitionName=trial.name)
        config = {"ScheduleConfig": trial.setup["schedule"], "MonitoringJobDefinitionName": trial.name, "MonitoringType": "DataQuality"}
        sagemaker.create_monitoring_schedule(MonitoringScheduleName=trial.name, MonitoringScheduleConfig=config)
        deleted.callback(_delete_schedule, sagemaker, trial.name)
    except ClientError as error:
        trial.refused = f"AWS refused the changed set-up: {cut(error.response['Error']['Message'], SAID)}"
    except ParamValidationError as error:
        trial.refused = f"boto3 refused the changed set-up: {cut(str(error), SAID)}"


def _delete_schedule(sagemaker: Any, name: str) -> None:
    execution_ended(sagemaker, name, LONGEST)
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)


def _found(answer: Answer, deleted: contextlib.ExitStack, trial: Trial) -> str:
    """Why a repaired monitor does not do its work; ``""`` if it does."""
    sagemaker = answer.client("sagemaker")
    execution = execution_ended(sagemaker, trial.name, LONGEST)
    if execution is None:
        return "with your change, it did not run: its schedule expression is not NOW."
    if execution["MonitoringExecutionStatus"] == "Failed":
        return f"with your change, its execution fails: {cut(execution.get('FailureReason', 'no reason'), SAID)}"
    job = sagemaker.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])
    folder = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    deleted.callback(delete_objects, answer.client("s3"), bucket, f"{prefix}/")
    violations = report_of(answer.client("s3"), folder, "constraint_violations")["violations"]
    missed = BROKEN - {(each["feature_name"], each["constraint_check_type"]) for each in violations}
    if missed:
        what = {"humid": "humidity of an airport was missing", "distance": "distances were in kilometres"}
        said = " and ".join(sorted(what[feature] for feature, _ in missed))
        found = ", ".join(sorted({f"{each['feature_name']} ({each['constraint_check_type']})" for each in violations})) or "nothing"
        asked = "Which hours does it read, and with what does it compare?"
        return f"with your change, it completes, and does not find that {said}. It found: {cut(found, SAID)}. {asked}"
    if not _published(answer, trial, execution):
        return "with your change, it finds what is broken, but CloudWatch has no metric of it, so no alarm can fire."
    instances = trial.setup["definition"]["JobResources"]["ClusterConfig"]["InstanceCount"]
    return f"with your change, it does its work on {instances} instances; one is enough." if instances > 1 else ""


def _published(answer: Answer, trial: Trial, execution: dict) -> bool:
    endpoint = _endpoint(trial.setup)
    dimensions = [{"Name": "Endpoint", "Value": endpoint}, {"Name": "MonitoringSchedule", "Value": trial.name}]
    points = answer.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="feature_non_null_humid",
        Dimensions=dimensions,
        StartTime=execution["ScheduledTime"] - timedelta(hours=2),
        EndTime=execution["ScheduledTime"] + timedelta(hours=2),
        Period=3600,
        Statistics=["Average"],
    )["Datapoints"]
    return bool(points)


def broken_setups(answer: Answer) -> Iterator[tuple[str, dict]]:
    """The broken set-up of each monitor as the notebook made it: from the newest definition of that name.

    Raises
    ------
    AnswerError
        The learner's AWS has no such definition.
    """
    sagemaker = answer.client("sagemaker")
    for each in MONITORS:
        listed = sagemaker.list_monitoring_schedules(NameContains=f"{each}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=100)
        names = [
            one["MonitoringScheduleName"] for one in listed["MonitoringScheduleSummaries"] if one["MonitoringScheduleName"].startswith(each)
        ]
        if not names:
            raise AnswerError(f"Your AWS has no schedule {each}: run the cell that makes the three broken monitors.")
        schedule = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=names[0])["MonitoringScheduleConfig"]
        described = sagemaker.describe_data_quality_job_definition(JobDefinitionName=schedule["MonitoringJobDefinitionName"])
        own = ("JobDefinitionName", "JobDefinitionArn", "CreationTime", "ResponseMetadata")
        yield (
            each,
            {"definition": {name: value for name, value in described.items() if name not in own}, "schedule": schedule["ScheduleConfig"]},
        )
