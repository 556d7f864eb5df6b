"""Operations on the values of secrets: get and put them, their versions and staging labels."""

from __future__ import annotations

import uuid
from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.secretsmanager import events, identifiers, rules, sealing, selection, stages
from course.localaws.secretsmanager.operations.common import Operations, invalid_parameter, invalid_request, page, refuse, summary
from course.localaws.secretsmanager.permissions import SecretPermissions
from course.localaws.secretsmanager.store import CURRENT, PENDING, Secret, SecretStore, Version, with_version

LARGEST = 65_536  # bytes of a value
MOST_IN_BATCH = 20


def given(params: dict, required: bool = True) -> tuple[str, bytes] | None:
    """The member and the value of a request. Raises AwsError ``InvalidRequestException``, ``InvalidParameterException``."""
    kinds = [kind for kind in sealing.KINDS if kind in params]
    if len(kinds) > 1:
        raise invalid_parameter("You can't specify both a binary secret value and a string secret value in the same secret.")
    if not kinds:
        if required:
            raise invalid_request("You must provide either SecretString or SecretBinary.")
        return None
    value = params[kinds[0]]
    data = value.encode() if isinstance(value, str) else value
    if len(data) > LARGEST:
        raise invalid_parameter(f"The secret value is larger than {LARGEST} bytes.")
    return kinds[0], data


class Values(Operations):
    """The operations."""

    def __init__(self, store: SecretStore, permissions: SecretPermissions) -> None:
        super().__init__(store)
        self._permissions = permissions

    def operations(self) -> dict[str, Operation]:
        return {
            "BatchGetSecretValue": self.batch,
            "GetSecretValue": self.get,
            "ListSecretVersionIds": self.list_versions,
            "PutSecretValue": self.put,
            "UpdateSecretVersionStage": self.update_stage,
        }

    # Reading

    def get(self, context: Context, params: dict) -> dict:
        with self.store.changing():
            secret = self.secret(context, params)
            return self._value(context, secret, _requested(secret, params))

    def _value(self, context: Context, secret: Secret, version: Version) -> dict:
        """The answer for a version. The day of the access is kept. Raises AwsError ``DecryptionFailure``."""
        data = sealing.unseal(context.platform.keys, secret.arn, version.id, version.value)
        today = context.platform.clock.now() // rules.DAY * rules.DAY
        if version.accessed != today or secret.accessed != today:
            self.store.put(replace(with_version(secret, replace(version, accessed=today)), accessed=today))
        kind = version.value.kind
        return summary(
            secret,
            VersionId=version.id,
            CreatedDate=version.created,
            **{kind: data if kind == "SecretBinary" else data.decode()},
            **({"VersionStages": [*version.stages]} if version.stages else {}),
        )

    def batch(self, context: Context, params: dict) -> dict:
        if ("SecretIdList" in params) == bool(params.get("Filters")):
            raise invalid_parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
        if "SecretIdList" in params and ("MaxResults" in params or "NextToken" in params):
            raise invalid_parameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
        if "SecretIdList" in params:
            return self._batch_of(context, params["SecretIdList"])
        found = selection.of_batch(self.store, context.region, context.account, params)
        shown = page([(secret.arn, {"id": secret.arn}) for secret in found], {"MaxResults": MOST_IN_BATCH} | params, "SecretValues")
        return shown | self._batch_of(context, [each["id"] for each in shown["SecretValues"]])

    def _batch_of(self, context: Context, ids: list[str]) -> dict:
        found, errors = [], []
        for id in ids:
            try:
                secret = self.secret(context, {"SecretId": id})
                self._check_allowed(context, secret)
                found.append(self.get(context, {"SecretId": secret.arn}))
            except AwsError as error:
                errors.append({"SecretId": id, "ErrorCode": error.code, "Message": error.message})
        return {"SecretValues": found, "Errors": errors}

    def _check_allowed(self, context: Context, secret: Secret) -> None:
        """Raises AwsError ``AccessDeniedException`` for a secret of a batch that the caller may not read."""
        for demand in self._permissions.to_read(secret, secret.staged(CURRENT)):
            if refused := context.call.refused.get((demand.action, demand.resource)):
                raise AwsError("AccessDeniedException", refused)

    def list_versions(self, context: Context, params: dict) -> dict:
        secret = self.secret(context, params, deleted=True)
        found = [each for each in secret.versions if each.stages or params.get("IncludeDeprecated")]
        listed = page([(version.id, _listed(secret, version)) for version in found], params, "Versions")
        return listed | summary(secret)

    # Writing

    def put(self, context: Context, params: dict) -> dict:
        refuse(context, params, "RotationToken")
        given(params)
        with self.store.changing():
            secret, version = self.added(context, self.secret(context, params), params)
            self.store.put(secret)
        return summary(secret, VersionId=version.id, VersionStages=[*version.stages])

    def added(self, context: Context, secret: Secret, params: dict) -> tuple[Secret, Version]:
        """The secret with the value of a request as a new version, which is returned, too. It is not stored yet.

        Raises
        ------
        AwsError
            ``ResourceExistsException``, ``EncryptionFailure``.
        """
        now, id = context.platform.clock.now(), params.get("ClientRequestToken") or str(uuid.uuid4())
        present = secret.version(id)
        if present and present.value:
            if not self.is_same(context, secret, present, params):
                text = f"You can't use ClientRequestToken {id} because that value is already in use for a version of secret {secret.arn}."
                raise AwsError("ResourceExistsException", text)
            return secret, present
        kind, value = given(params)
        key = sealing.require_key(context.platform.keys, secret.region, secret.key)
        version = replace(present or Version(id, now), value=sealing.seal(key, secret.arn, id, kind, value))
        found = with_version(secret, version)
        labels = params.get("VersionStages") or [CURRENT]
        labels = labels if secret.versions else [*dict.fromkeys((*labels, CURRENT))]
        for label in labels:
            found = stages.moved(found, label, id)
        if CURRENT in labels:
            found = _counted(context, found, id, now)
        found = stages.pruned(replace(found, changed=now), now)
        return found, found.version(id)

    def is_same(self, context: Context, secret: Secret, version: Version, params: dict) -> bool:
        """Whether a version has the value of a request."""
        wanted = given(params, required=False)
        if version.value is None or wanted is None or version.value.kind != wanted[0]:
            return False
        return sealing.unseal(context.platform.keys, secret.arn, version.id, version.value) == wanted[1]

    def under_key(self, context: Context, secret: Secret, named: str) -> Secret:
        """The secret with another KMS key. Its labelled versions are encrypted under it, if the caller may decrypt and encrypt them all.

        Raises AwsError ``EncryptionFailure``, ``DecryptionFailure``.
        """
        keys = context.platform.keys
        key = sealing.require_key(keys, secret.region, named)
        keep = bool(context.call.refused)  # only permissions to encrypt the versions again can be refused without an error
        for version in [] if keep else selection.labelled(secret):
            data = sealing.unseal(keys, secret.arn, version.id, version.value)
            secret = with_version(secret, replace(version, value=sealing.seal(key, secret.arn, version.id, version.value.kind, data)))
        return replace(secret, key="" if named == sealing.MANAGED else named)

    def update_stage(self, context: Context, params: dict) -> dict:
        label, source, target = params["VersionStage"], params.get("RemoveFromVersionId"), params.get("MoveToVersionId")
        with self.store.changing():
            secret = self.secret(context, params)
            for id in filter(None, (source, target)):
                if secret.version(id) is None:
                    raise identifiers.not_found(f"Secrets Manager can't find the specified secret version: {id}.")
            _check_move(secret, label, source, target)
            found = stages.moved(secret, label, target)
            self.store.put(replace(stages.pruned(found, context.platform.clock.now()), changed=context.platform.clock.now()))
        return summary(secret)


def _requested(secret: Secret, params: dict) -> Version:
    """The version of a request, which has a value. Raises AwsError ``ResourceNotFoundException``, ``InvalidRequestException``."""
    id, stage = params.get("VersionId"), params.get("VersionStage")
    found = selection.version(secret, id, stage)
    if found and stage and stage not in found.stages:
        raise invalid_request("You provided a VersionStage that is not associated to the provided VersionId.")
    if found is None or found.value is None:
        named = f"VersionId: {id}" if id else f"staging label: {stage or CURRENT}"
        raise identifiers.not_found(f"Secrets Manager can't find the specified secret value for {named}")
    return found


def _check_move(secret: Secret, label: str, source: str | None, target: str | None) -> None:
    """Raises AwsError ``InvalidParameterException`` for a move of a label that is not where the request says."""
    holder = secret.staged(label)
    if not source and not target:
        raise invalid_parameter("Give RemoveFromVersionId, MoveToVersionId or both.")
    if source and (holder is None or holder.id != source):
        raise invalid_parameter(f"The staging label {label} is not attached to version {source}.")
    if label == CURRENT and not target:
        raise invalid_parameter(f"You can't remove the staging label {CURRENT} from a version without moving it to another.")
    if holder and not source and holder.id != target:
        where = f"Staging label {label} is currently attached to version {holder.id}"
        must = f"{where}, so you must explicitly reference that version in RemoveFromVersionId."
        raise invalid_parameter(f"The parameter RemoveFromVersionId can't be empty. {must}")


def _counted(context: Context, secret: Secret, id: str, now: float) -> Secret:
    """The secret after a new current value that no rotation function put: it counts as a rotation, and ends one that had not ended."""
    rotation = secret.rotation
    pending = stages.unfinished(secret)
    if pending:
        secret = stages.moved(secret, PENDING, None)
        events.publish(context.platform, secret, "RotationAbandoned", pending.id)
    if rotation is None or (rotation.attempt and rotation.attempt.token == id):
        return secret
    window = rules.window_after(rotation.rules, now, rotation.begun) if rotation.rules else None
    return replace(secret, rotation=replace(rotation, window=window, attempt=None))


def _listed(secret: Secret, version: Version) -> dict:
    members = {
        "VersionId": version.id,
        "VersionStages": [*version.stages] or None,
        "LastAccessedDate": version.accessed,
        "CreatedDate": version.created,
        "KmsKeyIds": [version.value.key if secret.key else "DefaultEncryptionKey"] if version.value else None,
    }
    return {name: value for name, value in members.items() if value is not None}
