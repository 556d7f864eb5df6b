"""The error with which an operation refuses a document that is nested too deeply to be read.

Most code reads documents by `course.localaws.core.json_text`, which says so itself. This is for all other code, such as moto's.
"""

from __future__ import annotations

import logging

from botocore.exceptions import UnknownServiceError

from course.localaws.core.errors import AwsError
from course.localaws.core.json_text import JsonTooDeep
from course.localaws.protocol.model import errors, service_model

# What the names of AWS's errors for a bad document contain, the closest first.
KINDS = ("Malformed", "InvalidParameter", "InvalidInput", "InvalidRequest", "Validation", "BadRequest", "InvalidArgument")
# "Common errors" of AWS's API references: every operation may answer it.
COMMON = "ValidationException"

logger = logging.getLogger(__name__)


def of(service: str, operation: str) -> AwsError:
    """The error for a signing name and the name of an operation. Call it where a ``RecursionError`` was caught, which it logs.

    It is the operation's own error if botocore's model lists one, else `COMMON`.
    """
    logger.warning("%s:%s exceeded Python's limit on recursion", service, operation, exc_info=True)
    message = f"A document in the request cannot be read: {JsonTooDeep()}."
    try:
        known = errors(service_model(service).operation_model(operation))
    except (UnknownServiceError, KeyError):  # the signing name is not botocore's name of the service
        known = {}
    for kind in KINDS:
        for code, status in known.items():
            if kind in code and status < 500:
                return AwsError(code, message, status)
    return AwsError(COMMON, message)
