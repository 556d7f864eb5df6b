"""Takes over the keys of a state folder of an earlier release, in which moto kept them. The first request that needs a key waits for it.

A key policy that cannot be read, which moto did not check, is replaced by the default key policy.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from course.localaws.iam import policy
from course.localaws.iam.policy import PolicyError
from course.localaws.kms import asymmetric, policies, specs
from course.localaws.kms.store import DAY, Alias, Key, KeyStore, Material
from course.localaws.moto.records import MotoRecords

logger = logging.getLogger(__name__)


def begin(store: KeyStore, moto: MotoRecords) -> None:
    """Start, unless there is nothing to take over. Returns at once."""
    store.migration.begin("keys", lambda: store.take_over(*moto.run(lambda: _found(store.account))))


def _found(account: str) -> tuple[list[Key], list[tuple[str, Alias]]]:
    """moto's keys, and its aliases with their regions. Called in moto's thread."""
    from moto.kms.models import kms_backends

    keys, aliases = [], []
    for region, backend in kms_backends[account].items():
        for key in backend.keys.values():
            keys.append(_key(account, region, key, backend.tagger.list_tags_for_resource(key.id)["Tags"]))
            aliases += [(region, Alias(name, key.id, key.creation_date, key.creation_date)) for name in key.aliases]
    return keys, aliases


def _key(account: str, region: str, key: Any, tags: list[dict]) -> Key:
    pending = key.key_state == "PendingDeletion"
    symmetric = specs.secret_bytes(key.key_spec) is not None
    secret = key.key_material if symmetric else asymmetric.private_bytes(key.private_key.private_key)
    return Key(
        account=account,
        region=region,
        id=key.id,
        created=key.creation_date,
        spec=key.key_spec,
        usage=key.key_usage or specs.ENCRYPT,
        policy=_policy(account, key),
        materials=(Material(secret, key.creation_date),),
        description=key.description,
        manager=key.key_manager,
        enabled=key.key_state == "Enabled",
        deletion=key.deletion_date.timestamp() if pending else None,
        primary=key.multi_region_configuration["PrimaryKey"]["Region"] if key.multi_region else "",
        rotation_days=365 if key.key_rotation_status else 0,
        next_rotation=key.creation_date + 365 * DAY if key.key_rotation_status else None,
        tags=tuple({"TagKey": tag["TagKey"], "TagValue": tag["TagValue"]} for tag in tags),
        grants=tuple(_grant(key.arn, grant) for grant in key.grants.values()),
    )


def _policy(account: str, key: Any) -> str:
    text = key.policy if isinstance(key.policy, str) else json.dumps(key.policy)
    try:
        policy.parse("the key policy", text)
    except PolicyError as error:
        logger.warning("%s gets the default key policy: %s", key.arn, error)
        return policies.default(account)
    return text


def _grant(arn: str, grant: Any) -> dict:
    members = {
        "KeyId": arn,
        "GrantId": grant.id,
        "GrantToken": grant.token,
        "Operations": [*grant.operations],
        "Name": grant.name,
        "GranteePrincipal": grant.grantee_principal,
        "RetiringPrincipal": grant.retiring_principal,
        "Constraints": grant.constraints,
    }
    return {member: value for member, value in members.items() if value}
