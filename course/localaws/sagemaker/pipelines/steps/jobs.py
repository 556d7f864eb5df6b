"""The steps that run a job: Processing, Training, Transform and Tuning."""

from __future__ import annotations

from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.steps import failures
from course.localaws.sagemaker.pipelines.steps.calls import operation
from course.localaws.sagemaker.pipelines.steps.creation import CreationStep
from course.localaws.sagemaker.pipelines.steps.names import Names
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome

# A tuning job's name has at most 32 characters, and its training jobs' names begin with it.
TUNING = Names("HyperParameterTuningJobName", longest_prefix=6, form="{execution}-{step:.7}-{token}")


class JobStep(CreationStep):
    """Steps of a type that creates a job, and waits for its end.

    Parameters
    ----------
    noun, kind, names
        As for `CreationStep`.
    metadata : str
        The member of the step's ``Metadata``.
    """

    def __init__(self, noun: str, kind: str, metadata: str, names: Names | None = None) -> None:
        super().__init__(noun, kind, names)
        self.metadata = metadata

    def start(self, attempt: Attempt, arguments: dict) -> None:
        self.create(attempt, arguments)
        attempt.metadata[self.metadata] = {"Arn": self._document(attempt)[f"{self.noun}Arn"]}

    def check(self, attempt: Attempt) -> Outcome | None:
        document = self._document(attempt)
        status = document[f"{self.noun}Status"]
        if status in ("InProgress", "Stopping", "Deleting"):
            return None
        if status == "Completed":
            return SUCCEEDED
        if status == "Stopped":
            return Outcome("Stopped")
        return failures.of_job(document.get("FailureReason", ""))

    def stop(self, attempt: Attempt) -> None:
        operation(attempt.client("sagemaker"), f"Stop{self.noun}")(**self.named(attempt))

    def _document(self, attempt: Attempt) -> Document:
        return attempt.engine.get(attempt.context, attempt.engine.kinds[self.kind], attempt.name)


class TuningStep(JobStep):
    """Its properties have the training jobs, the best first, beside the description of the tuning job."""

    MOST_SUMMARIES = 50  # TuningStep.get_top_model_s3_uri of the SDKs: "top_k ... 0 to 49"

    def properties(self, attempt: Attempt) -> dict:
        listed = attempt.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=attempt.name,
            SortBy="FinalObjectiveMetricValue",
            SortOrder=self._order(attempt),
            MaxResults=self.MOST_SUMMARIES,
        )
        return super().properties(attempt) | {"TrainingJobSummaries": listed["TrainingJobSummaries"]}

    def _order(self, attempt: Attempt) -> str:
        """The order that has the best training job first."""
        document = self._document(attempt)
        definition = document.get("TrainingJobDefinition") or document["TrainingJobDefinitions"][0]
        objective = document["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective") or definition["TuningObjective"]
        return "Descending" if objective["Type"] == "Maximize" else "Ascending"


TYPES = {
    "Processing": JobStep("ProcessingJob", "processing-job", "ProcessingJob"),
    "Training": JobStep("TrainingJob", "training-job", "TrainingJob"),
    "Transform": JobStep("TransformJob", "transform-job", "TransformJob"),
    "Tuning": TuningStep("HyperParameterTuningJob", "hyper-parameter-tuning-job", "TuningJob", TUNING),
}
