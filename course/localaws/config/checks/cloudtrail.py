"""The rule about trails, which are moto's records here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course.localaws.config.checks import Finding, finding
from course.localaws.platform import Platform

ACCOUNT = "AWS::::Account"
_MEMBERS = {
    "s3BucketName": "bucket_name",
    "snsTopicArn": "topic_arn",
    "cloudWatchLogsLogGroupArn": "cw_log_group_arn",
}


def enabled(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if no trail logs, with the bucket, topic and log group of the parameters."""
    wanted = {_MEMBERS[name]: value for name, value in parameters.items() if value}
    found = platform.moto.run(lambda: _has_trail(platform.account, region, wanted))
    yield finding(ACCOUNT, platform.account, "" if found else "No trail that logs has the settings of the rule.")


def _has_trail(account: str, region: str, wanted: dict[str, str]) -> bool:
    from moto.cloudtrail.models import cloudtrail_backends

    trails = cloudtrail_backends[account][region].describe_trails(include_shadow_trails=True)
    return any(trail.status.is_logging and all(getattr(trail, name, None) == value for name, value in wanted.items()) for trail in trails)
