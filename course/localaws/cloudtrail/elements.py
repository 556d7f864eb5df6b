"""``requestParameters`` and ``responseElements`` of CloudTrail's records: names, secrets, and the limit on their size.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (limits); the log
entries in "Example log entries for Amazon S3 API calls using CloudTrail" (S3 User Guide) for the names of S3's members.
"""

from __future__ import annotations

import contextlib
import json
from functools import cache

from botocore.model import OperationModel, Shape

from course.localaws.core import json_text
from course.localaws.protocol.redaction import redacted

LARGEST = 100 * 1024  # bytes of requestParameters, and of responseElements
LONGEST_MESSAGE = 1024  # characters of errorMessage, and of userAgent
_S3_BODIES = {"Policy": "bucketPolicy"}  # members of the body that S3's records call otherwise


def request_parameters(operation: OperationModel, params: dict, host: str = "") -> dict:
    """The parameters of a call, without secrets.

    Parameters
    ----------
    params : dict
        By the members of the operation's model.
    host : str
        The header ``Host``, which S3's records contain.
    """
    if operation.service_model.service_name != "s3":
        return redacted(operation.input_shape, params)
    names = _s3_names(operation.input_shape)
    found = redacted(operation.input_shape, params, lambda name: names.get(name, name))
    if isinstance(found.get("bucketPolicy"), str):
        with contextlib.suppress(ValueError):
            found["bucketPolicy"] = json_text.load(found["bucketPolicy"])
    return {"bucketName": found.pop("bucketName"), "Host": host, **found} if "bucketName" in found else {"Host": host, **found}


def response_elements(operation: OperationModel, result: dict) -> dict | None:
    """The response of a call, without secrets; ``None`` if nothing is left. S3's records contain headers alone."""
    shape = operation.output_shape
    if operation.service_model.service_name == "s3":
        names = _s3_headers(shape)
        result = {name: value for name, value in result.items() if name in names}
        return redacted(shape, result, lambda name: names.get(name, name)) or None
    return redacted(shape, result) or None


def limited(elements: dict | None, member: str) -> str | None:
    """Elements as JSON; a note instead of them if they are larger than AWS's limit."""
    if elements is None:
        return None
    text = json.dumps(elements, separators=(",", ":"), default=str)
    if len(text) > LARGEST:
        return json.dumps({"omitted": True, "originalSize": len(text), "reason": f"{member} too large"})
    return text


@cache
def _s3_names(shape: Shape | None) -> dict[str, str]:
    """Names of S3's members: of a header or a query parameter the name on the wire."""
    names = {"Bucket": "bucketName", "Key": "key", **_S3_BODIES}
    for name, member in shape.members.items() if shape else ():
        if member.serialization.get("location") in ("header", "querystring"):
            names[name] = member.serialization["name"]
    return names


@cache
def _s3_headers(shape: Shape | None) -> dict[str, str]:
    members = shape.members.items() if shape else ()
    headers = {name: member.serialization.get("name", "") for name, member in members if member.serialization.get("location") == "header"}
    return {name: header for name, header in headers.items() if header.startswith("x-amz-")}
