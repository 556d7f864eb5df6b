"""The events of rotations, which EventBridge gets as "AWS Service Event via CloudTrail".

Source: "Log AWS Secrets Manager events with AWS CloudTrail" and "Match Secrets Manager events with EventBridge" of the user guide.
"""

from __future__ import annotations

import json
import uuid

from course.localaws.events.bus import stamp
from course.localaws.platform import Platform
from course.localaws.secretsmanager.store import Secret

PRINCIPAL = "secretsmanager.amazonaws.com"


def publish(platform: Platform, secret: Secret, name: str, version: str, error: str = "") -> None:
    """Send an event, e.g. ``RotationFailed``, about a version of a secret."""
    now = platform.clock.now()
    detail = {
        "eventVersion": "1.08",
        "userIdentity": {"accountId": platform.account, "invokedBy": PRINCIPAL},
        "eventTime": stamp(now),
        "eventSource": PRINCIPAL,
        "eventName": name,
        "awsRegion": secret.region,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": {"SecretId": secret.arn, "VersionId": version},
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "recipientAccountId": platform.account,
        **({"errorMessage": error} if error else {}),
    }
    entry = {"Source": "aws.secretsmanager", "DetailType": "AWS Service Event via CloudTrail", "Detail": json.dumps(detail), "Time": now}
    platform.events.publish(secret.region, entry)
