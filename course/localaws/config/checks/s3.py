"""Rules about buckets. Access control lists grant nothing here, so only policies can make a bucket public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from course.localaws.config.checks import Finding, finding, listed
from course.localaws.iam import policy
from course.localaws.iam.policy import Policy, PolicyError, PolicyStatement
from course.localaws.iam.policy_patterns import action_matches
from course.localaws.platform import Platform
from course.localaws.s3 import encryption, table
from course.localaws.s3.bucket_policies import is_public
from course.localaws.s3.buckets import Bucket

BUCKET = "AWS::S3::Bucket"
_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketAcl", "s3:GetObjectAcl")
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:PutBucketPolicy", "s3:PutBucketAcl")
_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def public_read(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if the bucket policy lets everybody read and RestrictPublicBuckets is off."""
    return _public(platform, region, _READS, "read")


def public_write(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if the bucket policy lets everybody write and RestrictPublicBuckets is off."""
    return _public(platform, region, _WRITES, "write")


def _public(platform: Platform, region: str, actions: Iterable[str], what: str) -> Iterator[Finding]:
    for bucket in _buckets(platform, region):
        found = _policy(platform, bucket)
        public = bool(found) and any(is_public(Policy(found.source, (each,))) and _names_any(each, actions) for each in found.statements)
        open_to_all = public and not _settings(platform, bucket).get("RestrictPublicBuckets")
        yield finding(BUCKET, bucket.name, f"The bucket policy allows public {what} access." if open_to_all else "")


def public_access_settings(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if one of the four settings of Block Public Access is off, unless the bucket is excluded."""
    excluded = listed(parameters, "excludedPublicBuckets")
    for bucket in _buckets(platform, region):
        settings = _settings(platform, bucket)
        off = [name for name in _SETTINGS if not settings.get(name)]
        problem = f"{', '.join(off)} of Block Public Access is off." if off and bucket.name not in excluded else ""
        yield finding(BUCKET, bucket.name, problem)


def ssl_requests_only(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT unless the bucket policy denies everybody everything in requests without TLS."""
    for bucket in _buckets(platform, region):
        found = _policy(platform, bucket)
        denies = bool(found) and any(_denies_plain_http(bucket, statement) for statement in found.statements)
        yield finding(BUCKET, bucket.name, "" if denies else "The bucket policy does not deny requests without TLS.")


def encryption_enabled(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Every bucket has default encryption, as on AWS since January 2023."""
    for bucket in _buckets(platform, region):
        yield finding(BUCKET, bucket.name, "" if _rule(platform, bucket) else "The bucket has no default encryption.")


def default_encryption_kms(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if the default encryption is not by a KMS key, or by one that is not among the parameter's keys."""
    allowed = listed(parameters, "kmsKeyArns")
    for bucket in _buckets(platform, region):
        applied = _rule(platform, bucket).get("ApplyServerSideEncryptionByDefault", {})
        problem = "" if applied.get("SSEAlgorithm", "").startswith("aws:kms") else "The default encryption is not by a KMS key."
        if not problem and allowed and applied.get("KMSMasterKeyID") not in allowed:
            problem = "The KMS key of the default encryption is not one of kmsKeyArns."
        yield finding(BUCKET, bucket.name, problem)


def versioning(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if versioning is not enabled, or MFA delete is wanted, which no bucket can have here."""
    wants_mfa = parameters.get("isMfaDeleteEnabled", "").lower() == "true"
    for bucket in _buckets(platform, region):
        problem = "" if bucket.versioning == "Enabled" else "Versioning is not enabled."
        yield finding(BUCKET, bucket.name, problem or ("MFA delete is not enabled." if wants_mfa else ""))


def _buckets(platform: Platform, region: str) -> list[Bucket]:
    return [bucket for bucket in platform.objects.buckets.list() if bucket.region == region]


def _settings(platform: Platform, bucket: Bucket) -> dict:
    """The bucket's settings of Block Public Access."""
    present = platform.objects.buckets.configuration(bucket.name, "publicAccessBlock")
    if present is None:
        present = table.configurations()["publicAccessBlock"]["default"]
    return present.get("PublicAccessBlockConfiguration", present)


def _rule(platform: Platform, bucket: Bucket) -> dict:
    return encryption.bucket_rule(platform.objects.buckets, bucket.name)


def _policy(platform: Platform, bucket: Bucket) -> Policy | None:
    """The bucket policy, if it has one that can be read."""
    document = platform.objects.buckets.configuration(bucket.name, "policy")
    try:
        return policy.parse("the bucket policy", document["Policy"]) if document else None
    except PolicyError:
        return None


def _names_any(statement: PolicyStatement, actions: Iterable[str]) -> bool:
    return any(any(action_matches(pattern, each) for pattern in statement.actions) != statement.not_actions for each in actions)


def _denies_plain_http(bucket: Bucket, statement: PolicyStatement) -> bool:
    """Whether a statement denies everybody every action on the bucket and its objects when ``aws:SecureTransport`` is false."""
    [condition] = statement.conditions if len(statement.conditions) == 1 else [None]
    on_plain_http = (
        condition is not None
        and condition.operator == "Bool"
        and condition.key.lower() == "aws:securetransport"
        and [value.lower() for value in condition.values] == ["false"]
    )
    everybody = not statement.not_principals and any("*" in names for names in (statement.principals or {}).values())
    everything = not statement.not_actions and any(action in ("*", "s3:*") for action in statement.actions)
    arn = f"arn:aws:s3:::{bucket.name}"
    wanted = {arn, f"{arn}/*"} - {*statement.resources}
    everywhere = not statement.not_resources and (not wanted or bool({"*", f"{arn}*"} & {*statement.resources}))
    return not statement.allows and on_plain_http and everybody and everything and everywhere
