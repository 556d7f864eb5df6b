"""Check steps: a processing job calculates a baseline, and compares the data with the previous one.

Source: as for `baselines`; ``test_quality_check_steps.py`` of aws/sagemaker-python-sdk for the reason of a failure, and for the metadata
of a check without violations; read 2026-11-28. The step's properties are members of its metadata.
"""

from __future__ import annotations

from course.localaws.sagemaker.monitoring.executions import WITH_VIOLATIONS
from course.localaws.sagemaker.pipelines.language.apis import APIS, CALCULATED, USED
from course.localaws.sagemaker.pipelines.language.check_steps import FLAGS, members
from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, Scope, resolve
from course.localaws.sagemaker.pipelines.steps import baselines
from course.localaws.sagemaker.pipelines.steps.jobs import JobStep
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome

VIOLATIONS = "constraint_violations.json"
_SHOWN = ("CheckType", "ModelPackageGroupName", "SkipCheck", "RegisterNewBaseline")


class CheckStep(JobStep):
    """Steps of a type that checks data or a model.

    Parameters
    ----------
    type : str
        The type of step, and the member of the step's ``Metadata``.
    files : dict
        File of the baseline, ``Constraints`` or ``Statistics`` -> its name in the job's output.
    """

    def __init__(self, type: str, files: dict[str, str]) -> None:
        super().__init__("ProcessingJob", "processing-job", type)
        self.files = files

    def arguments(self, step: Step, scope: Scope) -> dict:
        """The arguments, and the step's own members; no member has the name of an argument."""
        own = {name: resolve(step.document[name], scope) for name in members(step.type) if step.document.get(name) is not None}
        for name, default in FLAGS.items():
            if not isinstance(own.setdefault(name, default), bool):
                raise ExpressionError(f"{name} must be a Boolean; it is {own[name]!r}")
        return super().arguments(step, scope) | own

    def start(self, attempt: Attempt, arguments: dict) -> None:
        attempt.memory["FailOnViolation"] = arguments["FailOnViolation"]
        if self.metadata in attempt.metadata and attempt.find(self.kind, attempt.name):
            return  # a crash came after the job was made: another model package may be the latest now
        skipped, renewed = arguments["SkipCheck"], arguments["RegisterNewBaseline"]
        previous = {} if skipped and renewed else baselines.previous(attempt, arguments)
        attempt.metadata[self.metadata] = self._details(attempt, arguments, previous)
        attempt.save()
        try:
            self.create(attempt, self.request(attempt, arguments, {} if skipped else previous))
        except Exception:
            attempt.metadata.clear()  # there is no job
            raise

    def check(self, attempt: Attempt) -> Outcome | None:
        outcome = super().check(attempt)
        if outcome != SUCCEEDED or not self._document(attempt).get("ExitMessage", "").startswith(WITH_VIOLATIONS):
            return outcome
        details = attempt.metadata[self.metadata]
        details["ViolationReport"] = f"{details[f'{CALCULATED}Constraints'].rpartition('/')[0]}/{VIOLATIONS}"
        if not attempt.memory["FailOnViolation"]:
            return outcome
        noun = self.metadata.removesuffix("Check")
        return Outcome("Failed", f"ClientError: {noun} check failed. See violation report: {details['ViolationReport']}")

    def properties(self, attempt: Attempt) -> dict:
        details = attempt.metadata[self.metadata]
        return {name: details[name] for name in APIS[self.metadata].texts if name in details}

    def request(self, attempt: Attempt, arguments: dict, baseline: dict[str, str]) -> dict:
        """The request for the job. Without a ``baseline`` it only calculates a new one."""
        request = {name: value for name, value in arguments.items() if name not in members(attempt.step.type)}
        inputs, variables = baselines.as_inputs(baseline)
        request["ProcessingInputs"] = [*request.get("ProcessingInputs", ()), *inputs]
        return request | {"Environment": request.get("Environment", {}) | variables}

    def output(self, arguments: dict) -> str:
        """The S3 URI of the folder of the job's reports."""
        return arguments["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")

    def _details(self, attempt: Attempt, arguments: dict, previous: dict[str, str]) -> dict:
        """The step's metadata before its job has ended."""
        calculated = {file: f"{self.output(arguments)}/{name}" for file, name in self.files.items()}
        used = calculated if arguments["RegisterNewBaseline"] else previous
        shown = {name: arguments[name] for name in _SHOWN if name in arguments}
        properties = {f"{CALCULATED}{file}": uri for file, uri in calculated.items()}
        properties |= {f"{USED}{file}": uri for file, uri in used.items()}
        job = attempt.engine.arn_of(attempt.context, attempt.engine.kinds[self.kind], attempt.name)
        return shown | properties | {"CheckJobArn": job}


TYPES = {"QualityCheck": CheckStep("QualityCheck", {"Constraints": "constraints.json", "Statistics": "statistics.json"})}
