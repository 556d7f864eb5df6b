"""Takes over the secrets of a state folder of an earlier release, in which moto kept them.

The first request that needs a secret waits for it. A secret whose KMS key does not exist gets the AWS managed key: moto did not encrypt it.
A resource policy that cannot be read, which moto did not check, is left out.
"""

from __future__ import annotations

import base64
import logging
from typing import Any

from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import PolicyError
from course.localaws.kms import references
from course.localaws.kms.store import KeyStore
from course.localaws.moto.records import MotoRecords
from course.localaws.secretsmanager import sealing
from course.localaws.secretsmanager.store import Rotation, Sealed, Secret, SecretStore, Version

logger = logging.getLogger(__name__)


def begin(store: SecretStore, keys: KeyStore, moto: MotoRecords) -> None:
    """Start, unless there is nothing to take over. Returns at once."""
    store.migration.begin("secrets", lambda: _take_over(store, keys, moto))


def _take_over(store: SecretStore, keys: KeyStore, moto: MotoRecords) -> None:
    found = moto.run(lambda: _found(keys.account))
    store.take_over([_secret(keys, region, secret) for region, secret in found])


def _found(account: str) -> list[tuple[str, Any]]:
    """moto's secrets with their regions. Called in moto's thread. Replicas, which moto showed like secrets, are left out."""
    from moto.secretsmanager.models import FakeSecret, secretsmanager_backends

    backends = secretsmanager_backends[account].items()
    return [(region, secret) for region, backend in backends for secret in backend.secrets.values() if isinstance(secret, FakeSecret)]


def _secret(keys: KeyStore, region: str, found: Any) -> Secret:
    key = _key(keys, region, found.kms_key_id or "")
    created = float(found.created_date or 0)
    return Secret(
        region=region,
        name=found.name,
        arn=found.arn,
        created=created,
        changed=float(found.last_changed_date or created),
        description=found.description or "",
        key=key,
        policy=_policy(found),
        deletion=found.deleted_date,
        tags=tuple({"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in found.tags or ()),
        versions=tuple(_version(keys, region, key, found.arn, version) for version in found.versions.values()),
        rotation=_rotation(found),
    )


def _policy(found: Any) -> str:
    if not found.policy:
        return ""
    try:
        policy.parse("the resource policy", found.policy)
    except PolicyError as error:
        logger.warning("%s loses its resource policy: %s", found.arn, error)
        return ""
    return found.policy


def _key(keys: KeyStore, region: str, named: str) -> str:
    """The ``KmsKeyId`` of a secret, if it can still be used; else the AWS managed key."""
    try:
        sealing.require_key(keys, region, named)
    except AwsError:
        return ""
    return "" if references.Reference.of(named, region, keys.account).name == sealing.MANAGED else named


def _version(keys: KeyStore, region: str, key: str, arn: str, found: dict) -> Version:
    return Version(found["version_id"], float(found["createdate"]), tuple(found["version_stages"]), _value(keys, region, key, arn, found))


def _value(keys: KeyStore, region: str, key: str, arn: str, found: dict) -> Sealed | None:
    sealer = sealing.require_key(keys, region, key)
    if found.get("secret_string") is not None:
        return sealing.seal(sealer, arn, found["version_id"], "SecretString", found["secret_string"].encode())
    if found.get("secret_binary") is not None:
        return sealing.seal(sealer, arn, found["version_id"], "SecretBinary", base64.b64decode(found["secret_binary"]))
    return None


def _rotation(found: Any) -> Rotation | None:
    """The function of a secret. Its rules do not count until the next RotateSecret: the earlier release did not rotate anything."""
    if not found.rotation_lambda_arn:
        return None
    days = found.auto_rotate_after_days
    return Rotation(found.rotation_lambda_arn, {"AutomaticallyAfterDays": days} if days else {}, 0.0, enabled=False)
