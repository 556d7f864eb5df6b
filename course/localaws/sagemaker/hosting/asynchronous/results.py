"""The results of asynchronous requests: an object in S3 and an SNS notification.

Source: "Check prediction results" of the developer guide's part on asynchronous inference, read 2026-11-25. Failure messages follow AWS's
messages that users have published.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import JobData
from course.localaws.moto.journal import new_seed

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.asynchronous.queue import QueuedRequest
    from course.localaws.sagemaker.hosting.servers.container_client import Reply

INCLUDED = 128 << 10  # bytes; a larger response is not part of a notification
OCTETS = "application/octet-stream"

logger = logging.getLogger(__name__)


def answered(request: QueuedRequest, reply: Reply) -> tuple[dict, bytes]:
    """The outcome of a request that a container answered, and the body to store."""
    place = request.output if reply.ok else request.failure
    return outcome(place, reply.headers.get("Content-Type", OCTETS), "" if reply.ok else reason(reply), by_model=True), reply.body


def failed(request: QueuedRequest, why: str) -> tuple[dict, bytes]:
    """The outcome of a request that no container answered; the body to store is the reason."""
    return outcome(request.failure, "text/plain", why, by_model=False), why.encode()


def outcome(place: str, content_type: str, reason: str, by_model: bool) -> dict:
    """An outcome as the queue stores it: the URI of the S3 object, and a notification id that prevents a second publication."""
    return {"place": place, "content_type": content_type, "reason": reason, "by_model": by_model, "notification": new_seed().hex()}


def store(data: JobData, outcome: Mapping, body: bytes, kms_key: str | None) -> None:
    """Store the body at the outcome's URI, if it has one. Raises DataError."""
    if outcome["place"]:
        data.put(outcome["place"], body, kms_key, outcome["content_type"])


def reason(reply: Reply) -> str:
    """AWS's reason for a failed invocation."""
    if reply.status == 0:
        return f"ClientError: {reply.body.decode(errors='replace')}"
    side = "client" if reply.status < 500 else "server"
    where = "See the SageMaker Endpoint logs in your account for more information."
    return f"ClientError: Received {side} error ({reply.status}) from {reply.hostname}. {where}"


def notify(platform: Platform, data: JobData, request: QueuedRequest, body: bytes, config: Mapping, endpoint: str) -> None:
    """Publish an outcome to the topic of the endpoint's configuration, if there is one, unless it was published before."""
    notification = config["OutputConfig"].get("NotificationConfig", {})
    failure = request.outcome["reason"]
    topic = notification.get("ErrorTopic" if failure else "SuccessTopic")
    if not topic:
        return
    included = ("ERROR" if failure else "SUCCESS") + "_NOTIFICATION_TOPIC" in notification.get("IncludeInferenceResponseIn", ())
    included = included and request.outcome["by_model"] and len(body) <= INCLUDED
    published = message(request, endpoint, platform.clock.now(), body if included else None)
    if not data.allowed("sns:Publish", topic):
        logger.warning("the endpoint %s may not publish to %s", endpoint, topic)
        return
    seed = bytes.fromhex(request.outcome["notification"])
    try:
        platform.identity.moto.ask("sns", "Publish", region=request.region, seed=seed, TopicArn=topic, Message=json.dumps(published))
    except AwsError as error:
        if error.status >= 500:
            raise
        logger.error("a message was not published to %s: %s", topic, error.message)  # for example, the topic was deleted


def message(request: QueuedRequest, endpoint: str, now: float, body: bytes | None) -> dict:
    """The notification of an outcome, with the response's ``body`` unless it is None."""
    params, outcome = request.params, request.outcome
    asked = {"contentType": params.get("ContentType"), "accept": params.get("Accept"), "endpointName": endpoint}
    asked |= {"inputLocation": params.get("InputLocation"), "customAttributes": params.get("CustomAttributes")}
    answered = {"contentType": outcome["content_type"], "outputLocation": outcome["place"]} if outcome["place"] else {}
    content = {
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
    if body is not None:
        content["responseBody"] = {"content": base64.b64encode(body).decode(), "encoding": "BASE64"}
    return content


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
