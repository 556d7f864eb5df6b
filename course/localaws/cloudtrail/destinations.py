"""Where a trail delivers: a bucket in S3, a log group, and a topic for messages about new files.

The policies of the bucket and of the topic must allow it to the service CloudTrail. The log group is written with the rights of the trail's
role.

Sources: "Amazon S3 bucket policy for CloudTrail", "Configure AWS KMS key policies for CloudTrail", "Amazon SNS topic policy for CloudTrail"
and "Sending events to CloudWatch Logs" of the CloudTrail User Guide.
"""

from __future__ import annotations

import json
from datetime import datetime

from course.localaws.core.errors import AwsError
from course.localaws.events.arns import Arn
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.service_principals import allows, condition_keys
from course.localaws.kms.permissions import context_keys
from course.localaws.kms.references import find
from course.localaws.kms.store import Key
from course.localaws.logs.naming import LogArns
from course.localaws.moto import topics
from course.localaws.platform import Platform

SERVICE = "cloudtrail.amazonaws.com"
_ACL = {"s3:x-amz-acl": ["bucket-owner-full-control"]}


class Destinations:
    """The destinations of trails."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    # S3

    def refused_by_bucket(self, trail: dict, key: str) -> bool:
        """Whether the policy of the trail's bucket keeps CloudTrail from reading the bucket's ACL, or from writing an object."""
        bucket = f"arn:aws:s3:::{trail['S3BucketName']}"
        return not (self._bucket_allows(trail, "s3:GetBucketAcl", bucket) and self._bucket_allows(trail, "s3:PutObject", f"{bucket}/{key}"))

    def put(self, trail: dict, key: str, body: bytes, metadata: dict[str, str] | None = None) -> None:
        """Write a compressed file to the trail's bucket. Raises AwsError ``NoSuchBucket``, ``AccessDenied``, ``InsufficientStorage``."""
        bucket, objects = trail["S3BucketName"], self._platform.objects
        kms_key = self.key(trail) if trail.get("KmsKeyId") else None
        if objects.bucket_exists(bucket) and (self.refused_by_bucket(trail, key) or (kms_key and self.key_refuses(trail, kms_key))):
            raise AwsError("AccessDenied", "Access Denied", 403)
        stored = objects.put_bytes(bucket, key, body, "application/json", kms_key=trail.get("KmsKeyId"))
        objects.objects.describe(stored, metadata or {}, {"ContentEncoding": "gzip"})

    def _bucket_allows(self, trail: dict, action: str, resource: str) -> bool:
        demand = self._platform.identity.services["s3"](action, resource, lambda: _ACL if action == "s3:PutObject" else {})
        keys = demand.keys() | self._keys(trail)
        return allows(demand.resource_policy, SERVICE, action, resource, keys)

    def _keys(self, trail: dict) -> ConditionKeys:
        return condition_keys(SERVICE, trail["TrailARN"], self._platform.account, self._platform.clock.now())

    # KMS

    def key(self, trail: dict) -> Key | None:
        """The trail's KMS key, which an alias may name. As on AWS it is in the region of the bucket. Raises AwsError ``NoSuchBucket``."""
        bucket = self._platform.objects.buckets.get(trail["S3BucketName"])
        return find(self._platform.keys, bucket.region, trail["KmsKeyId"])

    def key_refuses(self, trail: dict, key: Key) -> bool:
        """Whether the policy of a key does not let CloudTrail encrypt a trail's files."""
        context = {"aws:cloudtrail:arn": trail["TrailARN"], "aws:s3:arn": f"arn:aws:s3:::{trail['S3BucketName']}"}
        for action, more in (("kms:GenerateDataKey", context_keys(context)), ("kms:DescribeKey", {})):
            demand = self._platform.identity.services["kms"](action, key.arn, lambda more=more: more)
            if not allows(demand.resource_policy, SERVICE, action, key.arn, demand.keys() | self._keys(trail)):
                return True
        return False

    # SNS

    def topic_refuses(self, trail: dict) -> bool:
        """Whether the trail's topic does not exist, or its policy does not let CloudTrail publish."""
        return topics.refuses(self._platform, trail["SnsTopicARN"], SERVICE, trail["TrailARN"])

    def notify(self, trail: dict, keys: list[str]) -> None:
        """Send the keys of new files to the trail's topic. Raises AwsError."""
        message = json.dumps({"s3Bucket": trail["S3BucketName"], "s3ObjectKey": keys})
        topics.publish(self._platform, trail["SnsTopicARN"], SERVICE, trail["TrailARN"], message)

    # CloudWatch Logs

    def role_is_not_trusted(self, trail: dict) -> bool:
        """Whether CloudTrail may not assume the role with which the trail writes to its log group."""
        return not self._platform.identity.trusts(trail["CloudWatchLogsRoleArn"], SERVICE, trail["TrailARN"])

    def group_refuses(self, trail: dict, region: str) -> bool:
        """Whether the trail's log group does not exist, or the trail's role may not write to it."""
        home, name = _group(trail)
        try:
            self._platform.logs.group(home, name)
        except AwsError:
            return True
        stream = LogArns(home, self._platform.account).stream_arn(name, self._stream(region))
        allows = self._platform.identity.allows
        return not all(allows(trail["CloudWatchLogsRoleArn"], f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents"))

    def log(self, trail: dict, region: str, records: list[dict]) -> None:
        """Write records to the trail's log group, one event for each. Raises AwsError ``AccessDenied``."""
        if self.role_is_not_trusted(trail) or self.group_refuses(trail, region):
            raise AwsError("AccessDenied", "Access denied. Check the permissions for your role.", 403)
        home, name = _group(trail)
        lines = [(_milliseconds(each["eventTime"]), json.dumps(each, separators=(",", ":"))) for each in records]
        self._platform.logs.append(home, name, self._stream(region), lines)

    def _stream(self, region: str) -> str:
        return f"{self._platform.account}_CloudTrail_{region}"


def _group(trail: dict) -> tuple[str, str]:
    """The region and the name of the trail's log group."""
    arn = Arn.parse(trail["CloudWatchLogsLogGroupArn"])
    return arn.region, arn.resource.split(":")[1]


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
