"""The rule about trails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course.localaws.config.checks import Finding, finding
from course.localaws.platform import Platform

ACCOUNT, TRAIL = "AWS::::Account", "AWS::CloudTrail::Trail"
_MEMBERS = {
    "s3BucketName": "S3BucketName",
    "snsTopicArn": "SnsTopicARN",
    "cloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
}


def enabled(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if no trail logs, with the bucket, topic and log group of the parameters."""
    wanted = {_MEMBERS[name]: value for name, value in parameters.items()}
    logging = [trail for trail in platform.configurations[TRAIL](region) if trail["_Status"]["IsLogging"]]
    found = any(all(trail.get(member) == value for member, value in wanted.items()) for trail in logging)
    yield finding(ACCOUNT, platform.account, "" if found else "No trail that logs has the settings of the rule.")
