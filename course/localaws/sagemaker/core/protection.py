"""The KMS keys and the VPC that a job names: whether they are there. Their records are moto's; nothing here is encrypted or routed.

AWS takes a grant on a volume's key, and an interface in the subnets, when it takes the job; so what is wrong with them is answered then.
Not matched: key policies and grants, free addresses of a subnet, what a security group lets through.

Source: `VolumeKmsKeyId` of ResourceConfig in the SageMaker API reference, "Give SageMaker AI Training Jobs Access to Resources in Your
Amazon VPC" of the developer guide; the words of EC2 and KMS are moto's. Read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from course.localaws.core.context import Context
from course.localaws.core.errors import AwsError

if TYPE_CHECKING:
    from course.localaws.platform import Platform


def check(platform: Platform, context: Context, keys: Iterable[str | None], vpc: dict | None) -> None:
    """Refuse the keys and the ``VpcConfig`` of a request that are not there or cannot be used; what it does not name is None.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    for key in filter(None, keys):
        key_arn(platform, context, key)
    if vpc:
        check_vpc(platform, context, vpc)


def key_arn(platform: Platform, context: Context, key: str) -> str:
    """The ARN of a KMS key that is named by id, ARN or alias; waits for moto.

    Raises
    ------
    AwsError
        ``ValidationException`` when the region has no such key, or it cannot be used.
    """

    def find() -> tuple[str, str]:
        from moto.kms.models import kms_backends

        backend = kms_backends[context.account][context.region]
        alias = backend.get_alias_name(key)
        id = backend.get_key_id_from_alias(alias) if alias.startswith("alias/") else backend.get_key_id(key)
        found = backend.keys.get(id) if _is_here(context, key) else None
        return (found.arn, found.key_state) if found else ("", "")

    arn, state = platform.identity.moto.run(find)
    if not arn:
        raise AwsError("ValidationException", f"The KMS key {key!r} does not exist in the region {context.region}.")
    if state != "Enabled":
        raise AwsError("ValidationException", f"The KMS key {key!r} cannot be used: its state is {state}.")
    return arn


def key_of(platform: Platform, context: Context, config: dict) -> str | None:
    """The ARN of the key that a member like ``OutputDataConfig`` names as its ``KmsKeyId``; None where it names none. See `key_arn`."""
    return key_arn(platform, context, config["KmsKeyId"]) if config.get("KmsKeyId") else None


def check_vpc(platform: Platform, context: Context, vpc: dict) -> None:
    """Refuse subnets and security groups that are not there, or not of one VPC; waits for moto.

    Parameters
    ----------
    vpc : dict
        ``VpcConfig`` of a request.

    Raises
    ------
    AwsError
        ``ValidationException``
    """

    def find() -> dict[str, str | None]:
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[context.account][context.region]
        subnets = {subnet.id: subnet.vpc_id for zone in backend.subnets.values() for subnet in zone.values()}
        groups = {name: getattr(backend.get_security_group_from_id(name), "vpc_id", None) for name in vpc["SecurityGroupIds"]}
        return {name: subnets.get(name) for name in vpc["Subnets"]} | groups

    places = platform.identity.moto.run(find)
    for name, place in places.items():
        if place is None:
            kind = "subnet ID" if name in vpc["Subnets"] else "security group"
            raise AwsError("ValidationException", f"The {kind} '{name}' does not exist in the region {context.region}.")
    if len(set(places.values())) > 1:
        listed = ", ".join(f"{name} in {place}" for name, place in places.items())
        raise AwsError("ValidationException", f"The subnets and security groups of VpcConfig must belong to one VPC; got {listed}.")


def _is_here(context: Context, key: str) -> bool:
    """An ARN may name another region or account, where nothing is to be found."""
    return not key.startswith("arn:") or key.split(":")[3:5] == [context.region, context.account]
