"""The permissions that a caller needs for a request to Secrets Manager: on the secret, and on the KMS key of its value.

Source: Secrets Manager's page of the Service Authorization Reference; "Secret encryption and decryption" of the user guide for KMS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.iam.authorization import ConditionKeys, PermissionOfService, RequiredPermission
from course.localaws.iam.condition_keys import ConditionKeyTable, texts
from course.localaws.kms.permissions import via
from course.localaws.kms.store import KeyStore
from course.localaws.secretsmanager import identifiers, policies, sealing, selection
from course.localaws.secretsmanager.store import CURRENT, Secret, SecretStore, Version

SERVICE = "secretsmanager"


class SecretPermissions:
    """Finds the permissions that requests need.

    Parameters
    ----------
    store : SecretStore
    keys : KeyStore
    account : str
    services : mapping
        See `course.localaws.iam.identity.Identity`: it has KMS, which Secrets Manager uses for the caller.
    """

    def __init__(self, store: SecretStore, keys: KeyStore, account: str, services: Mapping[str, PermissionOfService]) -> None:
        self._store, self._keys, self._account, self._services = store, keys, account, services

    def required(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that one request needs. The operation itself comes first."""
        operation = call.operation
        if operation in _table()["without_secret"]:
            yield self._on("*", None, operation, params)
            if operation == "BatchGetSecretValue":
                yield from self._of_batch(call.region, params)
        elif operation == "CreateSecret":
            yield from self._of_new(call.region, params)
        else:
            yield from self._of_secret(call.region, operation, params)

    def of_service(self, action: str, resource: str, keys: Callable[[], ConditionKeys]) -> RequiredPermission:
        """The permission that a service needs to use a secret on behalf of a caller. ``resource`` is the ARN of the secret."""
        secret = identifiers.find(self._store, resource.split(":")[3], self._account, resource)
        name = action.partition(":")[2]
        return self._demand(action, resource, secret, lambda: self._keys_of(name, {}, secret) | keys())

    def _of_secret(self, region: str, operation: str, params: dict) -> Iterator[RequiredPermission]:
        named = params.get("SecretId")
        secret = identifiers.find(self._store, region, self._account, named) if named else None
        arn = identifiers.arn_of(self._store, region, self._account, named) if named else "*"
        for action in (operation, *_table()["also"].get(operation, ())):
            yield self._on(arn, secret, action, params)
        if operation == "RotateSecret":
            function = params.get("RotationLambdaARN") or (secret and secret.rotation and secret.rotation.function)
            if function:
                yield RequiredPermission("lambda:InvokeFunction", function)
        if secret:
            yield from self._of_key(region, operation, params, secret)

    def _of_new(self, region: str, params: dict) -> Iterator[RequiredPermission]:
        arn = identifiers.prefix(region, self._account) + params["Name"] + identifiers.ANY_SUFFIX
        yield self._on(arn, None, "CreateSecret", params)
        if params.get("Tags"):
            yield self._on(arn, None, "TagResource", params)
        version = params.get("ClientRequestToken", "") if any(kind in params for kind in sealing.KINDS) else sealing.VALIDATION
        for action in ("kms:GenerateDataKey", "kms:Decrypt") if params.get("KmsKeyId") else ("kms:GenerateDataKey",):
            yield from self._use(region, params.get("KmsKeyId", ""), action, arn, version)

    def _of_batch(self, region: str, params: dict) -> Iterator[RequiredPermission]:
        """The permissions on each secret. Without one, the result has an error for that secret."""
        if params.get("Filters"):
            yield self._on("*", None, "ListSecrets", params)
        for secret in selection.of_batch(self._store, region, self._account, params):
            for demand in self.to_read(secret, secret.staged(CURRENT)):
                yield _separate(demand)

    def to_read(self, secret: Secret, version: Version | None) -> Iterator[RequiredPermission]:
        """The permissions to get the value of a version."""
        yield self._on(secret.arn, secret, "GetSecretValue", {})
        yield from self._to_decrypt(secret, version)

    def _of_key(self, region: str, operation: str, params: dict, secret: Secret) -> Iterator[RequiredPermission]:
        """The permissions on KMS keys."""
        token = params.get("ClientRequestToken", "")
        has_value = any(kind in params for kind in sealing.KINDS)
        if operation == "GetSecretValue":
            yield from self._to_decrypt(secret, selection.version(secret, params.get("VersionId"), params.get("VersionStage")))
        elif operation == "PutSecretValue":
            yield from self._use(region, secret.key, "kms:GenerateDataKey", secret.arn, token)
            yield from self._to_decrypt(secret, secret.version(token))  # to compare it with the value of a repeated request
        elif operation == "UpdateSecret" and (has_value or "KmsKeyId" in params):
            key = params.get("KmsKeyId", secret.key)
            version = token if has_value else sealing.VALIDATION
            for action in ("kms:GenerateDataKey", "kms:Decrypt") if "KmsKeyId" in params else ("kms:GenerateDataKey",):
                yield from self._use(region, key, action, secret.arn, version)
            if "KmsKeyId" in params:
                yield from self._to_encrypt_again(region, key, secret)

    def _to_encrypt_again(self, region: str, key: str, secret: Secret) -> Iterator[RequiredPermission]:
        """The permissions to encrypt the labelled versions under another key. If one is missing, all of them keep their key."""
        for version in selection.labelled(secret):
            yield from map(_separate, self._to_decrypt(secret, version))
            yield from map(_separate, self._use(region, key, "kms:Encrypt", secret.arn, version.id))

    def _to_decrypt(self, secret: Secret, version: Version | None) -> Iterator[RequiredPermission]:
        if version and version.value:
            yield self._key_demand("kms:Decrypt", version.value.key, secret.region, secret.arn, version.id)

    def _use(self, region: str, named: str, action: str, arn: str, version: str) -> Iterator[RequiredPermission]:
        """The permission on the key of a ``KmsKeyId``. A request with a key that does not exist fails later."""
        key = sealing.key_of(self._keys, region, named)
        if key:
            yield self._key_demand(action, key.arn, region, arn, version)

    def _key_demand(self, action: str, key: str, region: str, arn: str, version: str) -> RequiredPermission:
        keys = via(SERVICE, region, sealing.context_of(arn, version))
        return self._services["kms"](action, key, lambda: keys)

    def _on(self, arn: str, secret: Secret | None, operation: str, params: dict) -> RequiredPermission:
        return self._demand(f"{SERVICE}:{operation}", arn, secret, partial(self._keys_of, operation, params, secret))

    def _demand(self, action: str, arn: str, secret: Secret | None, keys: Callable[[], ConditionKeys]) -> RequiredPermission:
        policy = policies.about(secret.policy, action) if secret and secret.policy else None
        return RequiredPermission(action, arn, keys, _condition_keys().is_absent, policy)

    def _keys_of(self, operation: str, params: dict, secret: Secret | None) -> ConditionKeys:
        found = _condition_keys().of_request(params)
        if stages := params.get("VersionStages"):
            found["secretsmanager:VersionStage"] = [*stages]
        elif operation == "GetSecretValue" and not {"VersionId", "VersionStage"} & params.keys():
            found["secretsmanager:VersionStage"] = [CURRENT]
        if operation == "RotateSecret":
            found["secretsmanager:ModifyRotationRules"] = texts("RotationRules" in params)
            found.setdefault("secretsmanager:RotateImmediately", ["true"])
        if params.get("KmsKeyId") and secret is None and (key := params["KmsKeyId"]).startswith("arn:"):
            found["secretsmanager:KmsKeyArn"] = [key]
        return found | (self._of_resource(secret) if secret else {})

    def _of_resource(self, secret: Secret) -> ConditionKeys:
        found: ConditionKeys = {"aws:ResourceAccount": [self._account], "secretsmanager:SecretPrimaryRegion": [secret.region]}
        if secret.rotation:
            found["secretsmanager:resource/AllowRotationLambdaArn"] = [secret.rotation.function]
        if secret.key and (key := sealing.key_of(self._keys, secret.region, secret.key)):
            found["secretsmanager:KmsKeyArn"] = [key.arn]
        for tag in secret.tags:
            found |= dict.fromkeys((f"aws:ResourceTag/{tag['Key']}", f"secretsmanager:ResourceTag/{tag['Key']}"), [tag["Value"]])
        return found


def _separate(demand: RequiredPermission) -> RequiredPermission:
    """The same permission, without which the operation does the rest."""
    return replace(demand, separate=True)


@cache
def _condition_keys() -> ConditionKeyTable:
    return ConditionKeyTable(Path(__file__).with_name("condition_keys.yaml"))


@cache
def _table() -> dict:
    return table(Path(__file__).with_suffix(".yaml"))
