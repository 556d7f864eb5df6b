"""The permissions that a caller needs for a request to KMS, or for the use of a key by another service on its behalf.

The key policy decides: the caller's own policies count only if the key policy leaves it to the account. Source: "Determining access to AWS
KMS keys" of the KMS developer guide, and KMS's page of the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.condition_keys import ConditionKeyTable
from course.localaws.kms import ciphertexts, policies
from course.localaws.kms.references import Reference, find
from course.localaws.kms.store import Key, KeyStore

_CONTEXTS = {"ReEncryptFrom": "SourceEncryptionContext", "ReEncryptTo": "DestinationEncryptionContext"}
ANY_KEY = "*"  # instead of the id of a key that the request does not name


class KmsPermissions:
    """Finds the permissions that requests need.

    Parameters
    ----------
    store : KeyStore
    """

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def required(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that one request needs. The operation itself comes first."""
        operation = call.operation
        if operation in _table()["without_key"]:
            yield RequiredPermission(f"kms:{operation}", "*", lambda: self._keys(operation, params, None, ""), _condition_keys().is_absent)
        elif operation in _table()["aliases"]:
            yield from self._of_alias(call, params)
        elif operation == "ReEncrypt":
            source = params.get("SourceKeyId") or _named_in(params["CiphertextBlob"])
            yield self._on(call.region, "ReEncryptFrom", source, params)
            yield self._on(call.region, "ReEncryptTo", params["DestinationKeyId"], params)
        elif operation == "RetireGrant":
            yield self._to_retire(call.region, params)
        elif named := params.get("KeyId") or _named_in(params.get("CiphertextBlob", b"")):
            yield self._on(call.region, operation, named, params)

    def of_service(self, action: str, resource: str, keys: Callable[[], ConditionKeys]) -> RequiredPermission:
        """The permission that a service needs to use a key on behalf of a caller. ``resource`` is the ARN of the key."""
        region = resource.split(":")[3]
        key = find(self._store, region, resource)
        return self._demand(action, resource, key, lambda: self._keys("", {}, key, "") | keys())

    def _of_alias(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """An alias needs the permission on itself, which no key policy gives, and on its key, before and after the request."""
        action, name = f"kms:{call.operation}", params["AliasName"]
        arn = Reference.of(name, call.region, self._store.account).arn
        yield RequiredPermission(action, arn, lambda: self._keys(call.operation, params, None, ""), _condition_keys().is_absent)
        present = self._store.alias(call.region, name) if call.operation != "CreateAlias" else None
        for id in dict.fromkeys(filter(None, [present and present.key, params.get("TargetKeyId")])):
            yield self._on(call.region, call.operation, id, params)

    def _on(self, region: str, action: str, named: str, params: dict) -> RequiredPermission:
        key = find(self._store, region, named)
        arn = key.arn if key else Reference.of(named, region, self._store.account).arn
        return self._demand(f"kms:{action}", arn, key, lambda: self._keys(action, params, key, named))

    def _to_retire(self, region: str, params: dict) -> RequiredPermission:
        """The permission to retire a grant. Of all grants of the key, only this one may give it. A token counts before a key."""
        if "GrantToken" in params:
            key, grant = self._store.grant(region, params["GrantToken"]) or (None, None)
            named = key.arn if key else ANY_KEY
        else:
            named = params.get("KeyId") or ANY_KEY
            key = find(self._store, region, named)
            grant = next((each for each in key.grants if each["GrantId"] == params.get("GrantId")), None) if key else None
        required = self._on(region, "RetireGrant", named, params)
        if key is None:
            return required
        return replace(required, resource_policy=policies.effective(replace(key, grants=(grant,) if grant else ()), required.action))

    def _demand(self, action: str, arn: str, key: Key | None, keys: Callable[[], ConditionKeys]) -> RequiredPermission:
        """A request for a key that does not exist fails later, if the caller's own policies allow it."""
        if key is None:
            return RequiredPermission(action, arn, keys, _condition_keys().is_absent)
        return RequiredPermission(action, arn, keys, _condition_keys().is_absent, policies.effective(key, action), delegated=True)

    def _keys(self, action: str, params: dict, key: Key | None, named: str) -> ConditionKeys:
        found = _condition_keys().of_request(params) | {"kms:CallerAccount": [self._store.account]}
        found |= context_keys(params.get(_CONTEXTS.get(action, "EncryptionContext")) or {})
        if action == "CreateKey":
            found |= _of_new_key(params)
        if constraints := params.get("Constraints"):
            found["kms:GrantConstraintType"] = [*constraints]
        if action.startswith("ReEncrypt"):
            found["kms:ReEncryptOnSameKey"] = [str(_named_in(params["CiphertextBlob"]) == getattr(key, "id", "")).lower()]
        if named.rpartition(":")[2].startswith("alias/"):
            found["kms:RequestAlias"] = [named.rpartition(":")[2]]
        return found | (self._of_key(key) if key else {})

    def _of_key(self, key: Key) -> ConditionKeys:
        aliases = [alias.name for alias in self._store.aliases(key.region) if alias.key == key.id]
        return {
            "aws:ResourceAccount": [key.account],
            "kms:KeySpec": [key.spec],
            "kms:KeyUsage": [key.usage],
            "kms:KeyOrigin": ["AWS_KMS"],
            "kms:MultiRegion": [str(bool(key.primary)).lower()],
            **({"kms:ResourceAliases": aliases} if aliases else {}),
            **({"kms:MultiRegionKeyType": ["REPLICA" if key.is_replica else "PRIMARY"]} if key.primary else {}),
            **{f"aws:ResourceTag/{tag['TagKey']}": [tag["TagValue"]] for tag in key.tags},
        }


def context_keys(context: Mapping[str, str]) -> ConditionKeys:
    """The condition keys of an encryption context."""
    pairs = {f"kms:EncryptionContext:{name}": [value] for name, value in context.items()}
    return pairs | ({"kms:EncryptionContextKeys": [*context]} if context else {})


def via(service: str, region: str, context: Mapping[str, str] | None = None) -> ConditionKeys:
    """The condition keys of a service's use of a key for a caller, e.g. by ``"s3"``, with the encryption context that it gives."""
    return {"kms:ViaService": [f"{service}.{region}.amazonaws.com"], "aws:ViaAWSService": ["true"], **context_keys(context or {})}


def _of_new_key(params: Mapping) -> ConditionKeys:
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    usage, origin = params.get("KeyUsage", "ENCRYPT_DECRYPT"), params.get("Origin", "AWS_KMS")
    multi_region = str(params.get("MultiRegion", False)).lower()
    return {"kms:KeySpec": [spec], "kms:KeyUsage": [usage], "kms:KeyOrigin": [origin], "kms:MultiRegion": [multi_region]}


def _named_in(blob: bytes) -> str:
    """The id of a ciphertext's key; empty when it is none of ours."""
    try:
        return ciphertexts.read(blob).key
    except AwsError:
        return ""


@cache
def _condition_keys() -> ConditionKeyTable:
    return ConditionKeyTable(Path(__file__).with_name("condition_keys.yaml"))


@cache
def _table() -> dict:
    return table(Path(__file__).with_suffix(".yaml"))
