"""Publishes messages of AWS's services to SNS topics. The policy of a topic must allow it.

Sources: "Amazon SNS topic policy for CloudTrail" (CloudTrail User Guide), "Creating an Amazon SNS topic for budget notifications" (AWS Cost
Management User Guide).
"""

from __future__ import annotations

from course.localaws.core.errors import AwsError
from course.localaws.iam import service_principals
from course.localaws.iam.policy import PolicyError
from course.localaws.moto.own_records import records_of
from course.localaws.platform import Platform

PUBLISH = "sns:Publish"


def refuses(platform: Platform, topic: str, service: str, source: str) -> bool:
    """Whether a topic does not exist, or its policy does not let a service publish for a resource.

    Parameters
    ----------
    topic : str
        ARN.
    service : str
        ``"budgets.amazonaws.com"``.
    source : str
        ARN of the resource.
    """
    records = records_of("sns", topic.split(":")[4])
    try:
        found = platform.moto.run(lambda: records.policy(topic, PUBLISH))
    except PolicyError:
        return True
    keys = service_principals.condition_keys(service, source, platform.account, platform.clock.now())
    return not service_principals.allows(found, service, PUBLISH, topic, keys)


def publish(platform: Platform, topic: str, service: str, source: str, message: str, **more: str) -> None:
    """Publish a message; ``more`` are further parameters of Publish, such as ``Subject``.

    Raises AwsError ``AuthorizationError`` if the topic refuses the service.
    """
    if refuses(platform, topic, service, source):
        raise AwsError("AuthorizationError", f"{service} is not authorized to publish to {topic}.", 403)
    platform.moto.ask("sns", "Publish", topic.split(":")[3], TopicArn=topic, Message=message, **more)
