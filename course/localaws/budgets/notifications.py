"""Sends the notifications of a budget when their thresholds are crossed.

Matches AWS ("Best practices for AWS Budgets"): a notification about actual costs is sent once in a period; one about a forecast is sent
again after the forecast was below the threshold. The policy of an SNS topic must allow budgets.amazonaws.com to publish.
Differs from AWS: no e-mail is sent. The state of such a notification changes all the same.
"""

from __future__ import annotations

import logging

from course.localaws.budgets import messages, thresholds
from course.localaws.budgets.spending import limit
from course.localaws.budgets.store import ALARM, OK, Budget, Notification
from course.localaws.core.errors import AwsError
from course.localaws.moto import topics
from course.localaws.platform import Platform

SERVICE = "budgets.amazonaws.com"

logger = logging.getLogger(__name__)


class Notifier:
    """Evaluates notifications, and sends messages to the subscribers' topics."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def evaluate(self, budget: Budget, notification: Notification, begin: float, moment: float) -> None:
        """Set a notification's state from what the budget tracks, and send it if it is due.

        Parameters
        ----------
        begin : float
            When the period began, in Unix seconds.
        """
        given = notification.given
        is_actual = given["NotificationType"] == "ACTUAL"
        value = budget.actual if is_actual else budget.forecast
        threshold = thresholds.amount(given["Threshold"], given["ThresholdType"], limit(budget.given, moment))
        before, notification.state = notification.state, OK
        if value is None or not thresholds.is_crossed(given["ComparisonOperator"], value, threshold):
            return
        notification.state = ALARM
        if notification.sent != begin or (before == OK and not is_actual):
            notification.sent = begin
            text = messages.crossed(budget, notification, value, self._platform.account, moment)
            self.send(budget, notification.subscribers, messages.subject(budget), text)

    def send(self, budget: Budget, subscribers: list[dict], subject: str, text: str) -> None:
        """Send a message to the topics among subscribers. One that cannot be delivered is lost, as on AWS."""
        for each in subscribers:
            if each["SubscriptionType"] != "SNS":
                continue
            source = budget.arn(self._platform.account)
            try:
                topics.publish(self._platform, each["Address"], SERVICE, source, text, Subject=subject)
            except AwsError as error:
                logger.warning("a message of the budget %s was not delivered: %s", budget.name, error.message)
