"""What the operations share: the secret of a request, its description, pages of lists, and tags."""

from __future__ import annotations

from collections.abc import Sequence

from course.localaws.context import Context
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.secretsmanager import identifiers, rules
from course.localaws.secretsmanager.store import Rotation, Secret, SecretStore

MOST_TAGS = 50
DEFAULT_PAGE = 100
REPLICATION = "AddReplicaRegions", "ForceOverwriteReplicaSecret", "CrossAccountPrimaryARN"
EXTERNAL = "Type", "ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn"  # secrets that partners hold


class Operations:
    """Handlers that use the store."""

    def __init__(self, store: SecretStore) -> None:
        self.store = store

    def secret(self, context: Context, params: dict, deleted: bool = False) -> Secret:
        """The secret of a request.

        Parameters
        ----------
        deleted : bool
            Whether the operation also takes a secret that is scheduled for deletion.

        Raises
        ------
        AwsError
            ``ResourceNotFoundException``, ``InvalidRequestException``.
        """
        found = identifiers.require(self.store, context.region, context.account, params["SecretId"])
        if found.deletion is not None and not deleted:
            raise invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
        return found


def refuse(context: Context, params: dict, *members: str) -> None:
    """Refuse a request that uses something that the local AWS does not have. Raises AwsError ``NotSupportedByLocalAws``."""
    for member in members:
        if params.get(member):
            raise not_supported("secretsmanager", f"{context.call.operation} with {member}")


def summary(secret: Secret, **more: object) -> dict:
    """``ARN`` and ``Name``, with which every answer about a secret begins."""
    return {"ARN": secret.arn, "Name": secret.name, **more}


def described(secret: Secret) -> dict:
    """The members that DescribeSecret and ListSecrets share."""
    members = {
        "Description": secret.description or None,
        "KmsKeyId": secret.key or None,
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "DeletedDate": secret.deletion,
        "CreatedDate": secret.created,
        "Tags": [*secret.tags] or None,
    }
    members |= _of_rotation(secret, secret.rotation) if secret.rotation else {}
    return summary(secret) | {name: value for name, value in members.items() if value is not None}


def _of_rotation(secret: Secret, rotation: Rotation) -> dict:
    shown: dict = {"RotationEnabled": rotation.enabled, "RotationLambdaARN": rotation.function, "LastRotatedDate": rotation.last}
    if rotation.rules:
        begin = rotation.last or rotation.begun
        days = rules.days_between(rotation.rules, begin, rotation.begun)
        shown["RotationRules"] = {"AutomaticallyAfterDays": days, **rotation.rules}
    if rotation.enabled and rotation.window and secret.deletion is None:
        shown["NextRotationDate"] = rotation.window[1]
    return shown


def page(found: Sequence[tuple[str, dict]], params: dict, member: str) -> dict:
    """One page of a list of (key, document), as members of the result. Raises AwsError ``InvalidNextTokenException``."""
    shown, following = paging.ordered_page(found, params, DEFAULT_PAGE)
    return {member: shown, **({"NextToken": following} if following else {})}


def tagged(present: Sequence[dict], added: Sequence[dict]) -> tuple[dict, ...]:
    """The tags of a secret after some are added. Raises AwsError ``InvalidParameterException``, ``InvalidRequestException``."""
    if not all(tag.get("Key") for tag in added):
        raise invalid_parameter("Each tag must have a Key.")
    if wrong := [tag["Key"] for tag in added if tag["Key"].startswith("aws:")]:
        raise invalid_parameter(f'The tag key {wrong[0]} begins with "aws:", which is reserved for AWS.')
    tags = {tag["Key"]: tag.get("Value", "") for tag in (*present, *added)}
    if len(tags) > MOST_TAGS:
        raise invalid_parameter(f"A secret can have at most {MOST_TAGS} tags.")
    return tuple({"Key": key, "Value": value} for key, value in tags.items())


def invalid_request(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)


def invalid_parameter(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
