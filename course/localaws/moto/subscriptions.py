"""Delivers the messages of SNS's topics as AWS does: to queues whose policy allows it, to functions, and to servers that may be dead.

Sources: "Subscribing an Amazon SQS queue to an Amazon SNS topic" and "Message delivery status" (Amazon SNS Developer Guide), API reference
of Subscribe and ListSubscriptions.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam import service_principals
from course.localaws.iam.policy import PolicyError
from course.localaws.moto.bridge import first_time, platform, sends_requests
from course.localaws.moto.own_records import records_of
from course.localaws.moto.replay import patch_on_import, recorded

SNS, SEND = "sns.amazonaws.com", "sqs:SendMessage"
SERVERS = ("http", "https")  # protocols of subscribers that are servers
MAILS = ("email", "email-json")  # of subscribers who have to confirm; nobody can here, since no mail is sent
_SENT, _REFUSED = b"+", b"-"  # in the recording of a request

logger = logging.getLogger(__name__)


@patch_on_import("moto.sns.models")
def _topics(module: ModuleType) -> None:
    original = module.Subscription.publish

    def publish(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        message_structure: str | None = None,
        **options: Any,
    ) -> None:
        if self.protocol == "sqs" and not _may_send(self.topic_arn, self.endpoint):
            return
        if self.protocol != "lambda":
            try:
                original(self, message, message_id, subject, message_attributes, message_structure=message_structure, **options)
            except OSError as error:  # requests' errors are OSErrors. On AWS the publisher does not see that a server is dead
                if self.protocol not in SERVERS:
                    raise
                logger.warning("%s did not reach %s: %s", self.topic_arn, self.endpoint, error)
            return
        if self._filter_policy_matcher is not None and not self._filter_policy_matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        notification = self.get_post_data(message, message_id, subject, message_attributes)
        if first_time():
            _invoke(self.endpoint, self.arn, notification)

    subscribe = module.SNSBackend.subscribe

    def subscribe_as_on_aws(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        if protocol in SERVERS and not sends_requests():
            raise not_supported("sns", f"a subscription by {protocol}")
        made = subscribe(self, topic_arn, endpoint, protocol)
        if protocol in MAILS:
            made.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        return made

    send = module.SNSBackend.publish

    def to_topics_only(self: Any, message: str, arn: str | None, phone_number: str | None = None, **options: Any) -> str:
        if first_time() and (phone_number or ":endpoint/" in (arn or "")):
            raise not_supported("sns", "Publish to a phone")
        return send(self, message, arn, phone_number, **options)

    module.Subscription.publish, module.SNSBackend.subscribe, module.SNSBackend.publish = publish, subscribe_as_on_aws, to_topics_only


@patch_on_import("moto.sns.responses")
def _unconfirmed(module: ModuleType) -> None:
    """A subscription that nobody has confirmed has no ARN in answers."""
    subscribe, named = module.SNSResponse.subscribe, ("list_subscriptions", "list_subscriptions_by_topic")

    def subscribed(self: Any) -> Any:
        answer = subscribe(self)
        if self._get_param("Protocol") in MAILS and self._get_param("ReturnSubscriptionArn") is not True:
            answer.result["SubscriptionArn"] = "pending confirmation"
        return answer

    def listing(original: Callable) -> Callable:
        def listed(self: Any) -> Any:
            answer = original(self)
            answer.result["Subscriptions"] = [_shown(each) for each in answer.result["Subscriptions"]]
            return answer

        return listed

    module.SNSResponse.subscribe = subscribed
    for name in named:
        setattr(module.SNSResponse, name, listing(getattr(module.SNSResponse, name)))


def _shown(subscription: Any) -> Any:
    if not subscription.attributes.get("PendingConfirmation"):
        return subscription
    shown = copy.copy(subscription)
    shown.arn = "PendingConfirmation"
    return shown


def _may_send(topic: str, queue: str) -> bool:
    """Whether a queue's policy lets a topic send. At replay, whether it did; releases that recorded nothing sent to every queue."""
    return recorded(lambda: _SENT if not first_time() or _allows(topic, queue) else _REFUSED) == _SENT


def _allows(topic: str, queue: str) -> bool:
    account = platform().account
    try:
        found = records_of("sqs", account).policy(queue, SEND)
    except PolicyError:
        found = None
    keys = service_principals.condition_keys(SNS, topic, account, platform().clock.now())
    allowed = service_principals.allows(found, SNS, SEND, queue, keys)
    if not allowed:  # as on AWS, the publisher does not see it
        logger.warning("%s did not send to %s: the queue's policy does not allow it", topic, queue)
    return allowed


def _invoke(function: str, subscription: str, notification: dict[str, Any]) -> None:
    """Invokes a function with a notification, as SNS does. As on AWS, a publisher does not see that a delivery failed."""
    topic = notification["TopicArn"]
    sent = {"Subject": None, "MessageAttributes": {}} | {name.replace("URL", "Url"): value for name, value in notification.items()}
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription, "Sns": sent}
    payload = json.dumps({"Records": [record]}).encode()
    try:
        platform().functions.invoke_event(function, payload, service=SNS, source=topic)
    except AwsError as error:
        logger.warning("%s did not invoke %s: %s", topic, function, error)
