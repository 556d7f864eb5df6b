"""m12_2_ex2: the learner's broken monitors, what was cited of them, and the same monitors again with the learner's repairs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from course.cleanup import delete_objects
from course.exercises.broken_quality import MONITORS, leaves, repaired
from course.exercises.repairs import changed
from course.grading import Answer, AnswerError, Report
from course.grading.citing import SHORTEST, class_alone, passing
from course.grading.short_repr import cut

from .m12_2_monitor import COMPLETED, Ended, ended, run_once

HOURS = re.compile(r"-PT(\d{1,3})H")  # a time before an execution, as the notebook's `run_once` writes it
SHOWN, SAID = 60, 300  # characters of a learner's words, and of a text of AWS, that a message repeats
NOT_IN_REQUESTS = ("JobDefinitionArn", "JobDefinitionName", "CreationTime", "ResponseMetadata")
PUBLISHED = {"publish_cloudwatch_metrics": "Enabled"}
NO_CAUSE = re.compile(r"\W*(Error|Failed|Completed|CompletedWithViolations|Job completed successfully with.*)\W*")


@dataclass(frozen=True)
class Monitor:
    """A broken monitor: its schedule, its definition as a request, its execution, and the times between which the traffic was sent."""

    schedule: str
    definition: dict[str, Any]
    execution: Ended
    since: datetime
    until: datetime

    def says(self, words: str) -> bool:
        """Whether one of the texts of its execution has these words."""
        return any(words in text for text in self.execution.texts)


@dataclass(frozen=True)
class Again:
    """A monitor with the learner's repair: the share that the repair earns, why not all, and its execution if it is sound."""

    share: float
    message: str = ""
    execution: Ended | None = None


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether evidence and repairs are such; reports the part ``form``."""
    for name in ("evidence", "repairs"):
        given = answer.value(name)
        if set(given) != set(MONITORS):
            said = f"`{name}` has the keys {sorted(map(str, given))}; expected {', '.join(map(repr, MONITORS))}."
            return report.part("form", False, said)
    for each in MONITORS:
        cited, repair = answer.value("evidence")[each], answer.value("repairs")[each]
        said = f"The evidence of {each} is {cut(repr(cited), SAID)}; expected text."
        if not report.part("form", isinstance(cited, str), said):
            return False
        said = f"The repair of {each} is {cut(repr(repair), SAID)}; expected a dict from a path of the definition to its new value."
        if not report.part("form", isinstance(repair, dict) and bool(repair) and all(isinstance(path, str) for path in repair), said):
            return False
    return True


def judge_repairs(answer: Answer, report: Report) -> None:
    """Run the monitors again with the repairs; reports the parts ``evidence`` and ``repair``."""
    broken = {each: found(answer, each) for each in MONITORS}
    report.doing("runs the three monitors again with your changes")
    again = {each: _again(answer, each, broken[each]) for each in MONITORS}
    doubts = [doubtful(each, answer.value("evidence")[each], broken, again[each]) for each in MONITORS]
    shares = [float(not doubt) for doubt in doubts]
    report.part("evidence", sum(shares) / len(shares), " ".join(filter(None, doubts)) or "Nothing speaks against it.")
    said = " ".join(each.message for each in again.values() if each.message)
    report.part("repair", sum(each.share for each in again.values()) / len(again), said or "Nothing speaks against it.")


def found(answer: Answer, name: str) -> Monitor:
    """The learner's newest monitor of that name. Raises AnswerError if there is none, or if it was made otherwise."""
    sagemaker = answer.client("sagemaker")
    listed = sagemaker.list_monitoring_schedules(NameContains=f"{name}-", SortBy="CreationTime", SortOrder="Descending")
    own = re.compile(rf"{name}-[0-9a-f]{{6}}-[0-9a-f]{{4}}")  # as the notebook names it
    schedules = [each for each in listed["MonitoringScheduleSummaries"] if own.fullmatch(each["MonitoringScheduleName"])]
    if not schedules:
        raise AnswerError(f"Your AWS has no {name}: run the cell that makes the three broken monitors.")
    schedule = schedules[0]["MonitoringScheduleName"]
    described = sagemaker.describe_model_quality_job_definition(JobDefinitionName=schedules[0]["MonitoringJobDefinitionName"])
    definition = {member: value for member, value in described.items() if member not in NOT_IN_REQUESTS}
    config = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)["MonitoringScheduleConfig"]["ScheduleConfig"]
    offsets = [HOURS.fullmatch(config.get(f"DataAnalysis{which}Time", "")) for which in ("Start", "End")]
    if not all(offsets):
        raise AnswerError(f"Your {name} does not run as `run_once` makes it: run the cell that makes the three broken monitors again.")
    execution = ended(answer, schedule)
    since, until = (execution.scheduled - timedelta(hours=int(offset[1])) for offset in offsets)
    return Monitor(schedule, definition, execution, since, until)


# ---- repairs -------------------------------------------------------------------------------------------------------------------------


def _again(answer: Answer, each: str, broken: Monitor) -> Again:
    """What a repair earns, once the repaired monitor has run over the same traffic."""
    repair, paths = answer.value("repairs")[each], cut(", ".join(answer.value("repairs")[each]), SAID)
    try:
        definition = repaired(broken.definition, repair)
        json.dumps(definition)
    except KeyError as error:
        return Again(0.0, f"{each}: its definition has no such path: {paths}. Nothing is called {error} there.")
    except (TypeError, ValueError) as error:
        return Again(0.0, f"{each}: the new value is not JSON: {cut(str(error), SAID)}.")
    count = len(changed(broken.definition, definition))
    if not count:
        return Again(0.0, f"{each}: your change leaves the definition as it is: it has these values.")
    name = f"again-{each}-{answer.token()}"
    try:
        execution = run_once(answer, name, definition, broken.since, broken.until)
    except (ClientError, ParamValidationError) as error:
        return Again(0.0, f"{each}: AWS refused the changed definition: {cut(str(error), SAID)}")
    finally:
        _delete_reports(answer, broken.definition, name)
    if problem := _unsound(definition, execution, broken.execution):
        return Again(0.0, f"{each}: with your change of {paths}, {problem}")
    if (count := max(count, len(repair))) > 1:
        return Again(0.5, f"{each}: the monitor is sound, but the repair changes {count} values: more than the fault.", execution)
    return Again(1.0, execution=execution)


def _unsound(definition: dict, execution: Ended, before: Ended) -> str:
    """What is still wrong with a monitor that ran again; ``""`` if nothing is."""
    if execution.status not in COMPLETED:
        again = "for the same reason." if execution.reason == before.reason else f"with {cut(execution.said, SAID)}"
        return f"it fails {again}"
    metrics = execution.statistics
    if not isinstance(metrics.get("auc", {}).get("value"), float):
        return "it completes, but measures no AUC of the probabilities."
    if not 0 < metrics["recall"]["value"] < 1:
        return f"it completes, but its recall is {metrics['recall']['value']:.2f}: how many predictions count as late?"
    published = definition["ModelQualityAppSpecification"].get("Environment", {})
    return "" if published == PUBLISHED else "it completes, but an alarm has nothing to watch: where do its metrics go?"


def _delete_reports(answer: Answer, definition: dict, schedule: str) -> None:
    """Delete what an execution stored below its schedule's name."""
    uri = leaves(definition)["ModelQualityJobOutputConfig.MonitoringOutputs.0.S3Output.S3Uri"]
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    s3 = answer.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    for folder in {f"{key.partition(f'/{schedule}/')[0]}/{schedule}/" for key in keys if f"/{schedule}/" in key}:
        delete_objects(s3, bucket, folder)


# ---- evidence ------------------------------------------------------------------------------------------------------------------------


def doubtful(each: str, cited: str, broken: dict[str, Monitor], again: Again) -> str:
    """Why words cited from the texts of an execution cannot show its fault; ``""`` when nothing speaks against them."""
    words = cited.strip()
    shown = repr(words if len(words) <= SHOWN else f"{words[:SHOWN]}...")
    if len(words) < SHORTEST or not broken[each].says(words):
        return f"{each}: no text of its execution has {shown}; expected words that `told` shows for it."
    if passing(words) or broken[each].schedule in words:
        return f"{each}: {shown} has a time, or a name that the next execution will not have; expected words without."
    if class_alone(words) or NO_CAUSE.fullmatch(words):
        return f"{each}: {shown} says that something is wrong, but not what; expected words that say what was wrong."
    if others := [other for other in broken if other != each and broken[other].says(words)]:
        return f"{each}: {shown} is also in the texts of {' and of '.join(others)}; expected words of this execution alone."
    if again.execution and any(words in text for text in again.execution.texts):
        return f"{each}: {shown} is also in the texts of the execution after your repair: it shows no fault."
    return ""
