"""Operations on secrets: create, describe, update, list, tag, delete and restore."""

from __future__ import annotations

import re
from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.secretsmanager import identifiers, rules, sealing, selection
from course.localaws.secretsmanager.operations.common import (
    EXTERNAL,
    REPLICATION,
    Operations,
    described,
    invalid_parameter,
    invalid_request,
    page,
    refuse,
    summary,
    tagged,
)
from course.localaws.secretsmanager.operations.values import Values, given
from course.localaws.secretsmanager.store import Secret, SecretStore

DEFAULT_WINDOW, WINDOWS = 30, (7, 30)  # days until a secret is deleted
_NAME = re.compile(r"[A-Za-z0-9/_+=.@\-]+")
_SORTED_BY = {"name": "name", "last-changed-date": "changed", "last-accessed-date": "accessed", "created-date": "created"}


class Secrets(Operations):
    """The operations."""

    def __init__(self, store: SecretStore, values: Values) -> None:
        super().__init__(store)
        self._values = values

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateSecret": self.create,
            "DeleteSecret": self.delete,
            "DescribeSecret": self.describe,
            "ListSecrets": self.list,
            "RestoreSecret": self.restore,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "UpdateSecret": self.update,
        }

    def create(self, context: Context, params: dict) -> dict:
        refuse(context, params, *REPLICATION, *EXTERNAL)
        name, now = params["Name"], context.platform.clock.now()
        if not _NAME.fullmatch(name):
            raise invalid("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
        value = given(params, required=False)
        with self.store.changing():
            present = self.store.get(context.region, name)
            if present:
                return self._repeated(context, params, present)
            key = params.get("KmsKeyId", "")
            sealing.require_key(context.platform.keys, context.region, key)
            secret = Secret(
                region=context.region,
                name=name,
                arn=identifiers.new_arn(context.region, context.account, name),
                created=now,
                changed=now,
                description=params.get("Description", ""),
                key="" if key == sealing.MANAGED else key,
                tags=tagged((), params.get("Tags", ())),
            )
            if value is None:
                return summary(self.store.put(secret))
            secret, version = self._values.added(context, secret, params)
            self.store.put(secret)
        return summary(secret, VersionId=version.id)

    def _repeated(self, context: Context, params: dict, present: Secret) -> dict:
        """The answer to a repeated request. Raises AwsError ``ResourceExistsException``, ``InvalidRequestException``."""
        if present.deletion is not None:
            raise invalid_request("You can't create this secret because a secret with this name is already scheduled for deletion.")
        version = present.version(params.get("ClientRequestToken", ""))
        if version is None or not self._values.is_same(context, present, version, params):
            raise AwsError("ResourceExistsException", f"The operation failed because the secret {present.name} already exists.")
        return summary(present, VersionId=version.id)

    def describe(self, context: Context, params: dict) -> dict:
        secret = self.secret(context, params, deleted=True)
        stages = {version.id: [*version.stages] for version in secret.versions if version.stages}
        return described(secret) | ({"VersionIdsToStages": stages} if stages else {})

    def update(self, context: Context, params: dict) -> dict:
        refuse(context, params, *EXTERNAL)
        with self.store.changing():
            secret = self.secret(context, params)
            if "KmsKeyId" in params:
                secret = self._values.under_key(context, secret, params["KmsKeyId"])
            if "Description" in params:
                secret = replace(secret, description=params["Description"])
            version = None
            if given(params, required=False) is not None:
                secret, version = self._values.added(context, secret, params)
            self.store.put(replace(secret, changed=context.platform.clock.now()))
        return summary(secret, **({"VersionId": version.id} if version else {}))

    def list(self, context: Context, params: dict) -> dict:
        found = selection.matching(self.store.secrets(context.region), params.get("Filters", ()))
        if not params.get("IncludePlannedDeletion"):
            found = [secret for secret in found if secret.deletion is None]
        member = _SORTED_BY[params.get("SortBy", "created-date")]
        found.sort(key=lambda secret: (getattr(secret, member) or 0, secret.name), reverse=params.get("SortOrder", "desc") == "desc")
        return page([(secret.arn, _entry(secret)) for secret in found], params, "SecretList")

    def delete(self, context: Context, params: dict) -> dict:
        window, force = params.get("RecoveryWindowInDays"), params.get("ForceDeleteWithoutRecovery", False)
        if window is not None and force:
            raise invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
        if window is not None and not WINDOWS[0] <= window <= WINDOWS[1]:
            raise invalid_parameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
        now = context.platform.clock.now()
        with self.store.changing():
            if force:
                return self._forced(context, params, now)
            secret = self.secret(context, params)
            deletion = now + (window or DEFAULT_WINDOW) * rules.DAY
            self.store.put(replace(secret, deletion=deletion))
        return summary(secret, DeletionDate=deletion)

    def _forced(self, context: Context, params: dict, now: float) -> dict:
        """Delete a secret at once. As on AWS, one that does not exist is no error."""
        secret = identifiers.find(self.store, context.region, context.account, params["SecretId"])
        if secret:
            self.store.delete(secret)
            return summary(secret, DeletionDate=now)
        arn = identifiers.arn_of(self.store, context.region, context.account, params["SecretId"])
        return {"ARN": arn, "Name": params["SecretId"], "DeletionDate": now}

    def restore(self, context: Context, params: dict) -> dict:
        with self.store.changing():
            secret = self.secret(context, params, deleted=True)
            return summary(self.store.put(replace(secret, deletion=None)))

    def tag(self, context: Context, params: dict) -> None:
        with self.store.changing():
            secret = self.secret(context, params)
            self.store.put(replace(secret, tags=tagged(secret.tags, params["Tags"]), changed=context.platform.clock.now()))

    def untag(self, context: Context, params: dict) -> None:
        with self.store.changing():
            secret = self.secret(context, params)
            kept = tuple(tag for tag in secret.tags if tag["Key"] not in params["TagKeys"])
            self.store.put(replace(secret, tags=kept, changed=context.platform.clock.now()))


def _entry(secret: Secret) -> dict:
    stages = {version.id: [*version.stages] for version in secret.versions if version.stages}
    return described(secret) | ({"SecretVersionsToStages": stages} if stages else {})
