"""The error with which an operation says that the local AWS may keep no more."""

from __future__ import annotations

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from course.localaws.core.errors import AwsError
from course.localaws.core.quota import QuotaReached
from course.localaws.protocol.model import errors, service_model

# What the names of AWS's errors contain, the closest first: too much is kept, too much is asked, the service cannot do it now. So it is
# ResourceLimitExceeded in SageMaker, CodeStorageExceededException in Lambda, ProvisionedThroughputExceededException in Kinesis.
KINDS = ("StorageExceeded", "QuotaExceeded", "LimitExceeded", "ThroughputExceeded", "OverLimit", "TooMany", "Throttl", "ServiceUnavailable")
# "Common errors" of AWS's API references: every operation of every service may answer it.
COMMON = "ThrottlingException"


def modelled(operation: OperationModel, error: QuotaReached) -> AwsError:
    """The operation's own error, which programs for AWS handle: one that botocore's model lists for it, else `COMMON`.

    S3 has no quota on AWS, so its error is the one for a full disk.
    """
    if operation.service_model.service_name == "s3":
        return error
    known = errors(operation)
    for kind in KINDS:
        for code, status in known.items():
            if kind in code:
                return AwsError(code, error.message, status)
    return AwsError(COMMON, error.message)


def of(service: str, operation: str, error: QuotaReached) -> AwsError:
    """Like `modelled`, for a signing name and the name of an operation."""
    try:
        return modelled(service_model(service).operation_model(operation), error)
    except (UnknownServiceError, KeyError):  # the signing name is not botocore's name of the service
        return AwsError(COMMON, error.message)
