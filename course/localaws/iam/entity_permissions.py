"""What IAM knows of its own entities when a caller's policies are checked: paths, tags and permissions boundaries.

Source: "IAM identifiers" and "Available keys for IAM" in the IAM User Guide. A request that names no user is about the caller's own.
"""

from __future__ import annotations

from course.localaws.core.call import AwsRequest
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.principals import EntityRecord, Principals
from course.localaws.iam.service_authorization.permissions import ServicePermissions, ServiceRecords
from course.localaws.moto.records import MotoRecords

_BOUNDARY = "PermissionsBoundary"
_KNOWN = frozenset({"iam:permissionsboundary"})


class EntityPermissions:
    """The permissions of the calls of IAM.

    Parameters
    ----------
    moto : MotoRecords
    """

    def __init__(self, moto: MotoRecords) -> None:
        self._moto = moto
        records = ServiceRecords(resources=self._resources, complete=self._complete, tags=self._tags, keys=self._keys, known=_KNOWN)
        self._permissions = ServicePermissions("iam", "iam", records)

    async def required(self, call: AwsRequest, params: dict) -> list[RequiredPermission]:
        """Returns the permissions that a call needs."""
        return await self._moto.run_async(lambda: list(self._permissions.required(call, params)))

    @property
    def _principals(self) -> Principals:
        return Principals(self._moto.iam())

    def _resources(self, call: AwsRequest, params: dict) -> list[str] | None:
        if call.operation == "GetAccessKeyLastUsed" and (name := self._principals.owner(params.get("AccessKeyId", ""))):
            return [self._complete(call, f"arn:aws:iam::{call.principal.account}:user/{name}")]
        return None

    def _complete(self, call: AwsRequest, arn: str) -> str:
        kind, _, name = arn.split(":", 5)[-1].partition("/") if arn.startswith("arn:") else ("", "", "")
        if (kind, name) == ("user", "*"):
            return call.principal.arn if ":user/" in call.principal.arn else arn
        if call.operation.startswith("Create") and not call.operation.startswith(("CreateAccessKey", "CreateLoginProfile")):
            return arn
        found = self._principals.record(kind, name)
        return found.arn if found else arn

    def _record(self, arn: str) -> EntityRecord | None:
        kind, _, path = arn.split(":", 5)[-1].partition("/")
        return self._principals.record(kind, arn if kind == "policy" else path.rpartition("/")[2])

    def _tags(self, arn: str) -> dict[str, str]:
        found = self._record(arn)
        return found.tags if found else {}

    def _keys(self, call: AwsRequest, params: dict, arn: str) -> ConditionKeys:
        found = self._record(arn)
        boundary = params.get(_BOUNDARY) or (found.boundary if found else "")
        return {"iam:PermissionsBoundary": [boundary]} if boundary else {}
