"""Checks of trails: names, destinations, and the combinations of parameters that AWS refuses.

Sources: "Naming requirements for CloudTrail resources, S3 buckets, and KMS keys" of the User Guide; messages as moto
(https://github.com/getmoto/moto) and public reports quote AWS's. Read 2026-11-30.
"""

from __future__ import annotations

import re

from course.localaws.cloudtrail.destinations import Destinations
from course.localaws.cloudtrail.log_files import folder
from course.localaws.core.errors import AwsError

LONGEST_PREFIX = 200
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEY = re.compile(r"(arn:aws:kms:[a-z0-9-]+:\d{12}:)?(key/)?[\w-]{1,128}|(arn:aws:kms:[a-z0-9-]+:\d{12}:)?alias/[\w/-]{1,250}")
_TOPIC = re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}")
_GROUP = re.compile(r"arn:aws:logs:[a-z0-9-]+:\d{12}:log-group:[.\w/#-]{1,512}(:\*)?")


def check_name(name: str) -> None:
    """Raises AwsError ``InvalidTrailNameException``."""
    if len(name) < 3:
        raise _name(f"Trail name too short. Minimum allowed length: 3 characters. Specified name length: {len(name)} characters.")
    if len(name) > 128:
        raise _name(f"Trail name too long. Maximum allowed length: 128 characters. Specified name length: {len(name)} characters.")
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        letters = "uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_)"
        raise _name(f"Trail name or ARN can only contain {letters}.")
    if not name[0].isalnum():
        raise _name("Trail name must starts with a letter or number.")
    if not name[-1].isalnum():
        raise _name("Trail name must ends with a letter or number.")
    if re.search(r"[._-]{2}", name):
        raise _name("Trail name cannot have two or more adjacent periods, underscores or dashes.")
    if _ADDRESS.fullmatch(name):
        raise _name("Trail name must not be formatted as an IP address.")


def check(trail: dict, destinations: Destinations, account: str, bucket_exists: bool) -> None:
    """Refuse a trail, new or changed, that AWS refuses. Waits for moto's thread.

    Raises
    ------
    AwsError
        ``InvalidS3BucketNameException``, ``InvalidS3PrefixException``, ``S3BucketDoesNotExistException``,
        ``InsufficientS3BucketPolicyException``, and those of keys, topics and log groups.
    """
    if trail["IsMultiRegionTrail"] and not trail["IncludeGlobalServiceEvents"]:
        raise AwsError("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
    if trail["IsOrganizationTrail"]:
        raise AwsError("OrganizationsNotInUseException", "Your account is not a member of an organization.")
    _check_bucket(trail, destinations, account, bucket_exists)
    if trail.get("KmsKeyId"):
        _check_key(trail, destinations)
    if trail.get("SnsTopicARN"):
        _check_topic(trail, destinations)
    _check_group(trail, destinations)


def _check_bucket(trail: dict, destinations: Destinations, account: str, exists: bool) -> None:
    bucket, prefix = trail["S3BucketName"], trail.get("S3KeyPrefix", "")
    if not _BUCKET.fullmatch(bucket):
        raise AwsError("InvalidS3BucketNameException", f"Bucket name {bucket} is not valid.")
    if len(prefix) > LONGEST_PREFIX:
        raise AwsError("InvalidS3PrefixException", f"S3 prefix is longer than maximum length: {LONGEST_PREFIX}.")
    if not exists:
        raise AwsError("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")
    kinds = ("CloudTrail", "CloudTrail-Digest") if trail["LogFileValidationEnabled"] else ("CloudTrail",)
    if any(destinations.refused_by_bucket(trail, folder(trail, account, kind, trail["HomeRegion"])) for kind in kinds):
        raise AwsError("InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {bucket}")


def _check_key(trail: dict, destinations: Destinations) -> None:
    named = trail["KmsKeyId"]
    if not _KEY.fullmatch(named):
        raise AwsError("InvalidKmsKeyIdException", f"KMS key {named} is not valid.")
    key = destinations.key(trail)
    if key is None:
        raise AwsError("KmsKeyNotFoundException", f"KMS key {named} could not be found.")
    if key.state != "Enabled":
        raise AwsError("KmsException", f"KMS key {key.arn} is not enabled.")
    if destinations.key_refuses(trail, key):
        message = f"Insufficient permissions to access S3 bucket {trail['S3BucketName']} or KMS key {key.arn}."
        raise AwsError("InsufficientEncryptionPolicyException", message)


def _check_topic(trail: dict, destinations: Destinations) -> None:
    if not _TOPIC.fullmatch(trail["SnsTopicARN"]):
        raise AwsError("InvalidSnsTopicNameException", f"SNS topic {trail['SnsTopicName']} is not valid.")
    if destinations.topic_refuses(trail):
        raise AwsError("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")


def _check_group(trail: dict, destinations: Destinations) -> None:
    group, role = trail.get("CloudWatchLogsLogGroupArn"), trail.get("CloudWatchLogsRoleArn")
    if not group and not role:
        return
    if not group:
        raise AwsError("InvalidCloudWatchLogsLogGroupArnException", "You must specify a log group ARN.")
    if not _GROUP.fullmatch(group):
        raise AwsError("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.")
    if not role:
        raise AwsError("InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group.")
    if destinations.role_is_not_trusted(trail):
        raise AwsError("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")
    if destinations.group_refuses(trail, trail["HomeRegion"]):
        raise AwsError("InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role.")


def _name(message: str) -> AwsError:
    return AwsError("InvalidTrailNameException", message)
