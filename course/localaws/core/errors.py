"""One exception for everything AWS would refuse; the gateway turns it into the protocol that the caller speaks."""

from __future__ import annotations


class AwsError(Exception):
    """An error with AWS's own code, message and HTTP status.

    Parameters
    ----------
    code : str
        AWS's error code, as boto3 shows it in ``error.response["Error"]["Code"]``, e.g. ``"ValidationException"``.
    message : str
        One readable sentence; AWS's wording where AWS's wording is known.
    status : int
        HTTP status, 400 by default as for most AWS errors.
    members : dict
        Further members of the modelled error shape, e.g. ``{"OriginalStatusCode": 500}`` of ``ModelError``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members
        self.headers: dict[str, str] = {}  # that go with the answer, e.g. S3's x-amz-delete-marker


def invalid(message: str) -> AwsError:
    """The error of an invalid request in SageMaker and in most services with a JSON protocol."""
    return AwsError("ValidationException", message)


def validation_error(message: str) -> AwsError:
    """The error of an invalid request in ``sagemaker-runtime``, CloudWatch and STS."""
    return AwsError("ValidationError", message)


def not_supported(service: str, operation: str) -> AwsError:
    """The one answer to an operation that AWS has and the local AWS does not: clear, not retried, never a canned success."""
    return AwsError(
        "NotSupportedByLocalAws",
        f"{service}:{operation} is not supported by the local AWS. It exists on AWS; here nothing was done.",
        status=400,
    )
