"""Why a step failed: the text of its ``FailureReason``, and the exception type that retry policies name.

Source: failure reasons in public notebooks and issues, and "Retry Policy for Pipeline Steps" of the developer guide; read 2026-11-28.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from course.localaws.sagemaker.pipelines.language.retry_policies import (
    CAPACITY_ERROR,
    JOB_INTERNAL_ERROR,
    RESOURCE_LIMIT,
    SERVICE_FAULT,
    THROTTLING,
)
from course.localaws.sagemaker.pipelines.steps.step_type import Outcome

LOST = "InternalServerError: the local AWS stopped while the step was running"
_DENIED = ("AccessDeniedException", "AccessDenied")
_THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown")
_SERVICES = {"Invoke": "lambda", "SendMessage": "sqs", "DeleteObject": "s3", "DeleteObjects": "s3"}
_JOB_FAULTS = {"InternalServerError": JOB_INTERNAL_ERROR, "CapacityError": CAPACITY_ERROR}


def refused(error: ClientError) -> Outcome:
    """The outcome of a step whose call to AWS was refused."""
    operation, message = error.operation_name, error.response["Error"]["Message"]
    details = "" if error.response["Error"]["Code"] in _DENIED else "Error Details: "
    reason = f"ClientError: Failed to invoke {_SERVICES.get(operation, 'sagemaker')}:{operation}. {details}{message}"
    return Outcome("Failed", reason, _exception(error))


def of_job(reason: str) -> Outcome:
    """The outcome of a step whose job failed for a reason.

    The SDK's test of ``@step`` expects ``ClientError: AlgorithmError: ...`` (test_step_decorator.py of aws/sagemaker-python-sdk).
    """
    exception = _JOB_FAULTS.get(reason.partition(":")[0], "")
    return Outcome("Failed", reason if exception else f"ClientError: {reason}", exception)


def not_retried(outcome: Outcome, execution: str, step: str) -> str:
    """The reason of a failure that no retry policy of its step names. ``execution`` is an ARN; AWS writes it in lower case here."""
    if not outcome.exception:
        return outcome.reason
    return (
        f"{outcome.reason}\nRetry not appropriate on execution of step with PipelineExecutionArn {execution.lower()} and StepId {step}. "
        f"No retry policy configured for the exception type {outcome.exception.replace('.', '_').upper()}."
    )


def _exception(error: ClientError) -> str:
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code in _THROTTLED or status == 429:
        return THROTTLING
    if code == "ResourceLimitExceeded":
        return RESOURCE_LIMIT
    return SERVICE_FAULT if status >= 500 else ""
