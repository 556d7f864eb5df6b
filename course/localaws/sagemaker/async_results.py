"""What becomes of an asynchronous request: an object in S3 and a notification by SNS.

Source: "Check prediction results" of the developer guide's part on asynchronous inference, read 2026-11-25; the message of a failure as in
messages of AWS that users have published.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from course.localaws.sagemaker.job_data import DataError, JobData

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.async_queue import Request
    from course.localaws.sagemaker.invocation import Reply

INCLUDED = 128 << 10  # bytes; a larger response is not part of a notification
OCTETS = "application/octet-stream"

logger = logging.getLogger(__name__)


def store(data: JobData, request: Request, reply: Reply, kms_key: str | None) -> dict:
    """Put a container's answer where the request said; returns the request's outcome.

    Raises
    ------
    DataError
        It cannot be stored.
    """
    content_type = reply.headers.get("Content-Type", OCTETS)
    place = request.output if reply.good else request.failure
    if place:
        data.put(place, reply.body, kms_key, content_type)
    outcome = {"place": place, "content_type": content_type, "reason": "" if reply.good else reason(reply)}
    small = len(reply.body) <= INCLUDED
    return outcome | ({"body": base64.b64encode(reply.body).decode()} if small else {})


def failed(data: JobData, request: Request, why: str, kms_key: str | None) -> dict:
    """The outcome of a request that no container answered; says why, also where failures go if that can be written."""
    if request.failure:
        try:
            data.put(request.failure, why.encode(), kms_key, "text/plain")
        except DataError as error:
            logger.warning("the failure of an asynchronous request could not be stored: %s", error)
    return {"place": request.failure, "content_type": "text/plain", "reason": why}


def reason(reply: Reply) -> str:
    """AWS's words for an answer that is none."""
    if reply.status == 0:
        return f"ClientError: {reply.body.decode(errors='replace')}"
    side = "client" if reply.status < 500 else "server"
    where = "See the SageMaker Endpoint logs in your account for more information."
    return f"ClientError: Received {side} error ({reply.status}) from {reply.hostname}. {where}"


def notify(platform: Platform, data: JobData, request: Request, config: Mapping, endpoint: str) -> None:
    """Tell the topic of the endpoint's configuration, if there is one, of an outcome."""
    notification = config["OutputConfig"].get("NotificationConfig", {})
    failure = request.outcome["reason"]
    topic = notification.get("ErrorTopic" if failure else "SuccessTopic")
    if not topic:
        return
    included = ("ERROR" if failure else "SUCCESS") + "_NOTIFICATION_TOPIC" in notification.get("IncludeInferenceResponseIn", ())
    told = message(request, endpoint, platform.clock.now(), included)
    if not data.allowed("sns:Publish", topic):
        logger.warning("the endpoint %s may not publish to %s", endpoint, topic)
        return
    platform.identity.moto.publish(request.region, topic, json.dumps(told))


def message(request: Request, endpoint: str, now: float, included: bool) -> dict:
    """What a notification says."""
    params, outcome = request.params, request.outcome
    asked = {"contentType": params.get("ContentType"), "accept": params.get("Accept"), "endpointName": endpoint}
    asked |= {"inputLocation": params["InputLocation"], "customAttributes": params.get("CustomAttributes")}
    answered = {"contentType": outcome["content_type"], "outputLocation": outcome["place"]} if outcome["place"] else {}
    told = {
        "awsRegion": request.region,
        "eventTime": _text(now),
        "receivedTime": _text(request.received),
        "invocationStatus": "Failed" if outcome["reason"] else "Completed",
        **({"failureReason": outcome["reason"]} if outcome["reason"] else {}),
        "requestParameters": {name: value for name, value in asked.items() if value is not None},
        **({"responseParameters": answered} if answered else {}),
        "inferenceId": params["InferenceId"],
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    if included and "body" in outcome:
        told["responseBody"] = {"content": outcome["body"], "encoding": "BASE64"}
    return told


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
