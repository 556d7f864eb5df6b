"""Checks that the role, data, KMS keys and VPC that a request names exist and may be used. Volumes are not encrypted.

AWS creates a grant on a volume's key and a network interface in the subnets when it accepts a job, so errors about them come from the
Create operation. Not matched: free addresses of a subnet. Whether a job in a VPC reaches S3 shows when it runs
(`course.localaws.ec2.reachability`).

Source: `VolumeKmsKeyId` of ResourceConfig in the SageMaker API reference, "Give SageMaker AI Training Jobs Access to Resources in Your
Amazon VPC" of the developer guide. VPCs are moto's, and so are the texts of EC2. Read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.context import Context
from course.localaws.core.call import VpcNetwork
from course.localaws.core.errors import AwsError, invalid, not_supported
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.jobs.s3_data import JobData, split
from course.localaws.kms import references
from course.localaws.kms.permissions import via
from course.localaws.platform import Platform
from course.sandbox.box import best_mode

SERVICE = "sagemaker.amazonaws.com"  # the service principal that a role must trust


def require_role(platform: Platform, role: str) -> None:
    """Check that SageMaker may assume a role. Waits for IAM. Raises AwsError ``ValidationException`` with AWS's text."""
    if not platform.identity.trusts(role, SERVICE):
        advice = f"Please ensure that the role exists and allows principal '{SERVICE}' to assume the role."
        raise invalid(f"Could not assume role {role}. {advice}")


def require_objects(platform: Platform, job: str, role: str, uri: str, region: str) -> None:
    """Check that a job's role finds an object under a prefix. Raises AwsError ``ValidationException`` with AWS's text."""
    bucket, prefix = split(uri)
    reason = ""
    try:
        if JobData(platform, job, role).allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": [prefix]}):
            if next(iter(platform.objects.list(bucket, prefix)), None) is not None:
                return
        else:
            reason = " Error message from S3: Access Denied"
    except AwsError as error:
        reason = f" Error message from S3: {error.message}"
    raise invalid(
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists in the selected '
        f'region ({region}), that objects exist under that S3 prefix, and that the role "{role}" has "s3:ListBucket" '
        f'permissions on bucket "{bucket}".{reason}',
    )


def check(platform: Platform, context: Context, keys: Iterable[str | None], vpc: dict | None) -> None:
    """Check the keys and the ``VpcConfig`` of a request; None means an absent member. Raises AwsError ``ValidationException``."""
    for key in filter(None, keys):
        key_arn(platform, context, key)
    if vpc:
        _check_vpc(platform, context, vpc)


def key_arn(platform: Platform, context: Context, key: str) -> str:
    """The ARN of a KMS key by its id, ARN or alias. Raises AwsError ``ValidationException`` for an unusable key."""
    found = references.find(platform.keys, context.region, key)
    if found is None:
        raise invalid(f"The KMS key {key!r} does not exist in the region {context.region}.")
    if found.state != "Enabled":
        raise invalid(f"The KMS key {key!r} cannot be used: its state is {found.state}.")
    return found.arn


def check_volume(platform: Platform, context: Context, key: str | None, role: str = "") -> None:
    """Check that the role of a job, or else the caller, may create the grant with which SageMaker encrypts a volume. Waits for IAM.

    Source: "SageMaker API Permissions: Actions, Permissions, and Resources Reference" of the developer guide: the caller needs
    ``kms:CreateGrant`` for ``VolumeKmsKeyId`` only if the role does not have it, and for ``KmsKeyId`` of an endpoint configuration always.

    Raises AwsError ``ValidationException`` for an unusable key, ``AccessDeniedException``.
    """
    if not key:
        return
    arn, asked = key_arn(platform, context, key), {"kms:GrantIsForAWSResource": ["true"]}
    if not (role and platform.identity.allows(role, "kms:CreateGrant", arn, via("sagemaker", context.region) | asked)):
        require_key(platform, context, "kms:CreateGrant", arn, asked)


def require_key(platform: Platform, context: Context, action: str, arn: str, keys: ConditionKeys | None = None) -> None:
    """Check that the caller may use a KMS key through SageMaker. Without a caller nothing is checked.

    Raises AwsError ``AccessDeniedException``.
    """
    if context.principal is None:
        return
    asked = via("sagemaker", context.region) | (keys or {})
    demand = platform.identity.services["kms"](action, arn, lambda: asked)
    if reason := platform.identity.callers.refusal(context.principal, demand):
        raise AwsError(
            "AccessDeniedException", f"User: {context.principal.arn} is not authorized to perform: {action} on resource: {arn} {reason}"
        )


def key_of(platform: Platform, context: Context, config: dict) -> str | None:
    """The ARN of the ``KmsKeyId`` in a member like ``OutputDataConfig``; None when there is none. Raises AwsError as `key_arn` does."""
    return key_arn(platform, context, config["KmsKeyId"]) if config.get("KmsKeyId") else None


def _check_vpc(platform: Platform, context: Context, vpc: dict) -> None:
    """Check that the subnets and security groups of a ``VpcConfig`` exist and belong to one VPC. Waits for moto."""

    def find() -> dict[str, str | None]:
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[context.account][context.region]
        subnets = {subnet.id: subnet.vpc_id for zone in backend.subnets.values() for subnet in zone.values()}
        groups = {name: getattr(backend.get_security_group_from_id(name), "vpc_id", None) for name in vpc["SecurityGroupIds"]}
        return {name: subnets.get(name) for name in vpc["Subnets"]} | groups

    found = platform.identity.moto.run(find)
    for name, id in found.items():
        if id is None:
            kind = "subnet ID" if name in vpc["Subnets"] else "security group"
            raise invalid(f"The {kind} '{name}' does not exist in the region {context.region}.")
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name} in {id}" for name, id in found.items())
        raise invalid(f"The subnets and security groups of VpcConfig must belong to one VPC; got {listed}.")
    if best_mode() != "namespace" and not platform.networks.reaches_internet(VpcNetwork.of(context.region, vpc)):
        raise not_supported(
            "sagemaker",
            "VpcConfig without a NAT gateway, on a machine whose kernel gives no user namespaces to close the network of a job,",
        )
