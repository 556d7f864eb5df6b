"""m10_2_ex4: the learner's failed pipelines, what was cited of them, and the same pipelines again with the learner's repairs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from course.cleanup import delete_objects
from course.exercises.broken_pipelines import PIPELINES, leaves, repaired
from course.exercises.repairs import changed
from course.grading import Answer, AnswerError, Report
from course.grading.citing import SHORTEST, class_alone, passing, statements
from course.grading.jobs import log_streams
from course.grading.short_repr import cut

from .m10_1_runs import Run, awaited, job_of, pipeline_deleted

DIAGNOSIS = {"step", "line"}
ALL_STEPS = {"Prepare", "Train", "Evaluate", "Good"}
SHOWN = 60  # characters of a learner's words that a message repeats
SAID = 300  # characters of a text of AWS, or of a learner's path or value
# What a repair leaves as it is, and the paths that belong to it.
WORK = {
    "the steps or their order": re.compile(r"Steps\.\w+\.(Name|Type)|.*\.(IfSteps|ElseSteps)\b.*"),
    "the condition": re.compile(r"Steps\.Good\.Arguments\.Conditions\b.*"),
    "the scripts or the data": re.compile(r".*\.(S3Uri|ImageUri|TrainingImage)\b.*"),
    "the arguments of `Prepare`": re.compile(r".*\.ContainerArguments\b.*"),
    "the hyperparameters": re.compile(r".*\.HyperParameters\b.*"),
    "the number of instances": re.compile(r".*\.InstanceCount"),
}
# Announcements that something failed, without a word about what.
NO_CAUSE = (
    "Encountered exit_code",
    "Failed to invoke sagemaker:",
    "Reporting training FAILURE",
    "Retry not appropriate",
    "See job logs",
    "usage:",
)
SENTENCE = re.compile(r"(?<=\.) +|(?<=Error Details:) +|,? exit code: \d+")


@dataclass(frozen=True)
class Execution:
    """An execution that has ended, its definition, and by step the lines of failure reasons and logs."""

    pipeline: str
    role: str
    definition: dict
    run: Run
    lines: dict[str, list[str]]

    def says(self, words: str, step: str = "") -> bool:
        """Whether one step, or any, has the words in its failure reason or log."""
        return any(words in "\n".join(lines) for name, lines in self.lines.items() if step in ("", name))

    def own(self, text: str) -> str:
        """The first of the names in a text that only this execution has; ``""`` for none."""
        return next((name for name in (self.pipeline, self.run.arn.rpartition("/")[2]) if name in text), "")


@dataclass(frozen=True)
class Again:
    """A pipeline with the learner's repair: the share that the repair earns, why not all, and the execution if it succeeded."""

    share: float
    message: str = ""
    execution: Execution | None = None


@dataclass
class Trial:
    """A repaired pipeline that runs, or why it does not."""

    name: str
    definition: dict = field(default_factory=dict)
    arn: str = ""
    refused: str = ""


# ---- form ----------------------------------------------------------------------------------------------------------------------------


def judge_form(answer: Answer, report: Report) -> bool:
    """Whether diagnoses and repairs are such; reports the part ``form``."""
    found = _malformed(answer.value("diagnoses"), answer.value("repairs"))
    return report.part("form", not found, found or "Both have an entry for each pipeline.")


def _malformed(diagnoses: dict, repairs: dict) -> str:
    for name, given in (("diagnoses", diagnoses), ("repairs", repairs)):
        if set(given) != set(PIPELINES):
            return f"`{name}` has the keys {sorted(map(str, given))}; expected {', '.join(map(repr, PIPELINES))}."
    for each in PIPELINES:
        diagnosis, repair = diagnoses[each], repairs[each]
        if not isinstance(diagnosis, dict) or set(diagnosis) != DIAGNOSIS or not all(isinstance(v, str) for v in diagnosis.values()):
            return f"The diagnosis of {each} is {cut(repr(diagnosis), SAID)}; expected 'step' and 'line', both text."
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            return f"The repair of {each} is {cut(repr(repair), SAID)}; expected a dict from a path of the definition to its new value."
    return ""


# ---- what failed ---------------------------------------------------------------------------------------------------------------------


def judge_repairs(answer: Answer, report: Report) -> None:
    """Run the pipelines again with the repairs, side by side; reports the parts ``evidence`` and ``repair``."""
    diagnoses = answer.value("diagnoses")
    broken = {each: failed(answer, each) for each in PIPELINES}
    report.doing("runs the three pipelines again with your changes")
    again = reruns(answer, broken, answer.value("repairs"))
    doubts = [doubtful(each, diagnoses[each]["step"], diagnoses[each]["line"], broken, again[each]) for each in PIPELINES]
    _all_of(report, "evidence", [float(not doubt) for doubt in doubts], doubts)
    _all_of(report, "repair", [each.share for each in again.values()], [each.message for each in again.values()])


def _all_of(report: Report, part: str, shares: list[float], said: list[str]) -> None:
    """Report a part of which each pipeline has a share."""
    report.part(part, sum(shares) / len(PIPELINES), " ".join(filter(None, said)) or "Nothing speaks against it.")


def failed(answer: Answer, name: str) -> Execution:
    """The first execution of the learner's newest pipeline of that name. Raises AnswerError if there is none, or if it did not fail."""
    sagemaker = answer.client("sagemaker")
    listed = sagemaker.list_pipelines(PipelineNamePrefix=name, SortBy="CreationTime", SortOrder="Descending", MaxResults=100)
    own = re.compile(rf"{name}-[0-9a-f]{{6}}-[0-9a-f]{{4}}")  # as the notebook names it
    found = [each["PipelineName"] for each in listed["PipelineSummaries"] if own.fullmatch(each["PipelineName"])]
    if not found:
        raise AnswerError(f"Your AWS has no {name}: run the cell that makes the three broken pipelines.")
    role = sagemaker.describe_pipeline(PipelineName=found[0])["RoleArn"]
    runs = sagemaker.list_pipeline_executions(PipelineName=found[0], SortBy="CreationTime", SortOrder="Ascending")
    runs = [each["PipelineExecutionArn"] for each in runs["PipelineExecutionSummaries"]]
    execution = _execution(answer, found[0], role, awaited(sagemaker, runs[0])) if runs else None
    if execution is None or execution.run.status != "Failed":
        raise AnswerError(f"The first execution of {found[0]} has not failed: run the cell that makes the three broken pipelines again.")
    return execution


def _execution(answer: Answer, pipeline: str, role: str, run: Run) -> Execution:
    described = answer.client("sagemaker").describe_pipeline_definition_for_execution(PipelineExecutionArn=run.arn)
    return Execution(pipeline, role, json.loads(described["PipelineDefinition"]), run, _lines(answer, run))


def _lines(answer: Answer, run: Run) -> dict[str, list[str]]:
    """By step: the lines of its failure reason, and of the log of its job."""
    lines = {}
    for name, step in run.steps.items():
        lines[name] = step.get("FailureReason", "").splitlines()
        for kind, job in _jobs(answer, run, name):
            for stream in log_streams(answer.client("logs"), kind, job[f"{kind.title()}JobName"]).values():
                lines[name] += stream
    return lines


def _jobs(answer: Answer, run: Run, step: str) -> Iterator[tuple[str, dict]]:
    """The kind and the description of a step's job, if it has one."""
    for kind in ("processing", "training"):
        if f"{kind.title()}Job" in run.steps[step].get("Metadata", {}):
            yield kind, job_of(answer.client("sagemaker"), run, step, kind)


# ---- repairs -------------------------------------------------------------------------------------------------------------------------


def reruns(answer: Answer, broken: dict[str, Execution], repairs: dict[str, dict]) -> dict[str, Again]:
    """Each pipeline again with its repair, side by side. Pipelines and objects are deleted afterwards."""
    with contextlib.ExitStack() as deleted:
        trials = {each: _started(answer, deleted, each, broken[each], repairs[each]) for each in broken}
        return {each: _again(answer, each, trial, broken[each], repairs[each]) for each, trial in trials.items()}


def _started(answer: Answer, deleted: contextlib.ExitStack, each: str, broken: Execution, repair: dict) -> Trial:
    """Make and start the repaired pipeline, if AWS takes its definition and it does the same work."""
    sagemaker, trial = answer.client("sagemaker"), Trial(f"again-{each}-{answer.token()}")
    try:
        trial.definition = repaired(broken.definition, repair)
        text = json.dumps(trial.definition)
    except KeyError as error:
        trial.refused = f"its definition has no such path: {cut(', '.join(repair), SAID)}. Nothing is called {error} there."
        return trial
    except (TypeError, ValueError) as error:
        trial.refused = f"the new value is not JSON: {cut(str(error), SAID)}."
        return trial
    deleted.enter_context(pipeline_deleted(answer, trial.name))
    try:
        sagemaker.create_pipeline(PipelineName=trial.name, PipelineDefinition=text, RoleArn=broken.role)
    except ClientError as error:
        trial.refused = f"AWS refused the changed definition: {cut(error.response['Error']['Message'], SAID)}"
        return trial
    trial.refused = _other_work(broken.definition, trial.definition)
    if not trial.refused:
        trial.arn = sagemaker.start_pipeline_execution(PipelineName=trial.name)["PipelineExecutionArn"]
        deleted.callback(_delete_results, answer, trial.arn)
    return trial


def _other_work(before: dict, after: dict) -> str:
    """Why the repaired pipeline is not run: it would do the same as before, or other work. ``""`` if it is run."""
    paths = changed(before, after)
    if not paths:
        return "your change leaves the definition as it is: it has these values."
    old, new = leaves(before), leaves(after)
    for path in sorted(paths):
        for what, place in WORK.items():
            if place.fullmatch(path) and not _as_others(path, old.get(path), new.get(path)):
                return f"with your change of {path}, {what} would differ from the other pipelines; expected the same work."
    return ""


def _as_others(path: str, old: object, new: object) -> bool:
    """Whether a new value does the work of the other pipelines, at a place where a fault may be."""
    if path.endswith(".Conditions.0.Type"):
        return str(new).startswith("GreaterThan")
    if path.endswith(".LeftValue.Std:JsonGet.Path"):
        return str(new).lower() == str(old).lower()
    return path == "Steps.Train.Arguments.ResourceConfig.InstanceCount" and new == 1


def _again(answer: Answer, each: str, trial: Trial, broken: Execution, repair: dict) -> Again:
    """What a repair earns, once the repaired pipeline has ended."""
    if trial.refused:
        return Again(0.0, f"{each}: {trial.refused}")
    run = awaited(answer.client("sagemaker"), trial.arn)
    execution = _execution(answer, trial.name, broken.role, run)
    if run.status != "Succeeded":
        step, said = _failure(execution)
        fails = "the same step fails, for the same reason." if (step, said) == _failure(broken) else f"{step} fails: {cut(said, SAID)}"
        return Again(0.0, f"{each}: with your change of {cut(', '.join(repair), SAID)}, {fails}")
    if set(run.steps) != ALL_STEPS:
        return Again(0.0, f"{each}: the pipeline succeeds, but ran only {', '.join(run.steps)}.")
    count = max(len(repair), len(changed(broken.definition, execution.definition)))
    if count > 1:
        return Again(0.5, f"{each}: the pipeline succeeds, but the repair changes {count} values: more than the fault.", execution)
    return Again(1.0, execution=execution)


def _failure(execution: Execution) -> tuple[str, str]:
    """The step that failed, and the last words about what was wrong, without names that only this execution has."""
    name = next(name for name, step in execution.run.steps.items() if step["StepStatus"] == "Failed")
    said = ["", *causes(execution.lines[name])][-1]
    while own := execution.own(said):
        said = said.replace(own, "…")
    return name, said


def _delete_results(answer: Answer, arn: str) -> None:
    """Delete what the jobs of an execution stored in folders of its own."""
    run, own = awaited(answer.client("sagemaker"), arn), arn.rpartition("/")[2]
    for step in run.steps:
        for kind, job in _jobs(answer, run, step):
            if kind == "training":
                uris = [f"{job['OutputDataConfig']['S3OutputPath']}/{job['TrainingJobName']}/"]
            else:
                uris = [each["S3Output"]["S3Uri"] for each in job["ProcessingOutputConfig"]["Outputs"]]
            for bucket, _, prefix in (uri.removeprefix("s3://").partition("/") for uri in uris):
                if own in prefix:  # a learner may have changed where the results go
                    delete_objects(answer.client("s3"), bucket, prefix)


# ---- evidence ------------------------------------------------------------------------------------------------------------------------


def doubtful(each: str, step: str, cited: str, broken: dict[str, Execution], again: Again) -> str:
    """Why a step and words cited from its failure reason or log cannot show the fault; "" when nothing speaks against them."""
    execution, words = broken[each], cited.strip()
    if doubt := _doubtful_step(execution.run, step):
        return f"{each}: {doubt}"
    shown = repr(words if len(words) <= SHOWN else f"{words[:SHOWN]}...")
    if len(words) < SHORTEST or not execution.says(words, step):
        return f"{each}: neither the failure reason of {step} nor its log has {shown}; expected words of this execution."
    if len(words.splitlines()) > 1:
        return f"{each}: {shown} is more than a line; expected words of the one that says what was wrong."
    if passing(words) or execution.own(words):
        return f"{each}: {shown} has a time, or a name that the next execution will not have; expected words without."
    if class_alone(words):
        return f"{each}: {shown} names a class of errors, and many faults end in one; expected words of the message."
    if not any(words in said or said in words for said in causes(execution.lines[step])):
        return f"{each}: {shown} says that or where it failed, but not of what; expected words that say what was wrong."
    if others := [other for other in broken if other != each and broken[other].says(words)]:
        return f"{each}: {shown} is also in the texts of {' and of '.join(others)}; expected words of this execution alone."
    if again.execution and again.execution.says(words):
        return f"{each}: {shown} is also in the log of the execution that succeeded after your repair: it shows no fault."
    return ""


def _doubtful_step(run: Run, step: str) -> str:
    if run.ended_as(step) == "Failed":
        return ""
    if step in run.steps:
        return f"`step` is {step!r}, and {step} ended {run.ended_as(step)}; expected the step that failed, also if the fault is in another."
    return f"`step` is {step!r}, and no step of that name ran; expected the name of the step that failed."


def causes(lines: list[str]) -> Iterator[str]:
    """The sentences of a failure reason and a log that may say what was wrong."""
    for line in statements(lines):
        for sentence in SENTENCE.split(line.strip()):
            if len(sentence) >= SHORTEST and not sentence.endswith(":") and not any(words in sentence for words in NO_CAUSE):
                yield sentence
