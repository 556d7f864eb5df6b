"""Operations on grants. A grant counts as soon as it exists. Source: "Grants in AWS KMS" of the developer guide."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.call import root
from course.localaws.core.errors import AwsError
from course.localaws.iam.resource_policies import is_known
from course.localaws.kms import specs
from course.localaws.kms.operations.common import check_dry_run, check_grant_tokens, invalid_grant_token, key_of, page, store_of
from course.localaws.kms.references import not_found, usable
from course.localaws.kms.store import Key

MOST_GRANTS = 50_000  # a key
_OF_USAGE = {
    specs.ENCRYPT: {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
                    "GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"},
    specs.SIGN: {"Sign", "Verify", "GetPublicKey"},
    specs.MAC: {"GenerateMac", "VerifyMac"},
}  # fmt: skip
_OF_ALL = {"CreateGrant", "RetireGrant", "DescribeKey"}
_NAMED = ("Name", "GranteePrincipal", "RetiringPrincipal", "GranteeServicePrincipal", "RetiringServicePrincipal", "Constraints")


def create_grant(context: Context, params: dict) -> dict:
    check_grant_tokens(context, params)
    store = store_of(context)
    with store.changing():
        key = usable(key_of(context, params))
        _check(context, key, params)
        check_dry_run(params)
        named = {member: params[member] for member in _NAMED if member in params}
        operations = [*dict.fromkeys(params["Operations"])]
        same = [grant for grant in key.grants if _is_same(grant, named, operations)] if "Name" in named else []
        if same:  # a repeated request
            return {"GrantToken": same[0]["GrantToken"], "GrantId": same[0]["GrantId"]}
        grant = {
            "KeyId": key.arn,
            "GrantId": secrets.token_hex(32),
            "GrantToken": base64.b64encode(os.urandom(96)).decode(),
            "CreationDate": store.now(),
            "IssuingAccount": root(context.account),
            "Operations": operations,
            **named,
        }
        store.put(replace(key, grants=(*key.grants, grant)))
    return {"GrantToken": grant["GrantToken"], "GrantId": grant["GrantId"]}


def _is_same(grant: dict, named: dict, operations: list[str]) -> bool:
    return {member: grant[member] for member in _NAMED if member in grant} == named and set(grant["Operations"]) == set(operations)


def _check(context: Context, key: Key, params: dict) -> None:
    """Raises AwsError ``ValidationException``, ``InvalidArnException``, ``LimitExceededException``."""
    if ("GranteePrincipal" in params) == ("GranteeServicePrincipal" in params):
        raise AwsError("ValidationException", "Give either GranteePrincipal or GranteeServicePrincipal.")
    if wrong := sorted(set(params["Operations"]) - _OF_USAGE[key.usage] - _OF_ALL):
        raise AwsError("ValidationException", f"Grant operation {wrong[0]} is not valid for a key of the usage {key.usage}.")
    constraints = params.get("Constraints") or {}
    if constraints and (key.spec != specs.SYMMETRIC):
        raise AwsError("ValidationException", "Constraints are only valid for symmetric encryption keys.")
    if constraints.get("EncryptionContextSubset") and constraints.get("EncryptionContextEquals"):
        raise AwsError("ValidationException", "Give either EncryptionContextSubset or EncryptionContextEquals.")
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        name = params.get(member, "")
        if name and not (name.startswith("arn:") and is_known(name, context.platform.identity.exists)):
            raise AwsError("InvalidArnException", f"ARN does not refer to a valid principal: {name}")
    if len(key.grants) >= MOST_GRANTS:
        raise AwsError("LimitExceededException", f"A key can have at most {MOST_GRANTS} grants.")


def list_grants(context: Context, params: dict) -> dict:
    key = key_of(context, params)
    filters = {member: params[member] for member in ("GrantId", "GranteePrincipal", "GranteeServicePrincipal") if member in params}
    if "GrantId" in filters and not any(grant["GrantId"] == filters["GrantId"] for grant in key.grants):
        raise AwsError("InvalidGrantIdException", f"The grant {filters['GrantId']} does not exist.")
    found = [_shown(grant) for grant in key.grants if all(grant.get(member) == value for member, value in filters.items())]
    return page(found, params, "Grants", lambda each: each["GrantId"], 50)


def list_retirable_grants(context: Context, params: dict) -> dict:
    named = {member: params[member] for member in ("RetiringPrincipal", "RetiringServicePrincipal") if member in params}
    grants = [grant for key in store_of(context).keys(context.region) for grant in key.grants]
    found = [_shown(grant) for grant in grants if named and all(grant.get(member) == value for member, value in named.items())]
    return page(found, params, "Grants", lambda each: each["GrantId"], 50)


def revoke_grant(context: Context, params: dict) -> None:
    with store_of(context).changing():
        key = key_of(context, params)
        _end(context, key, params["GrantId"], params)


def retire_grant(context: Context, params: dict) -> None:
    store = store_of(context)
    with store.changing():
        if "GrantToken" in params:
            found = store.grant(context.region, params["GrantToken"])
            if found is None:
                raise invalid_grant_token()
            key, grant = found
            _end(context, key, grant["GrantId"], params)
        elif "KeyId" in params and "GrantId" in params:
            _end(context, key_of(context, params), params["GrantId"], params)
        else:
            raise AwsError("ValidationException", "Give either GrantToken, or both KeyId and GrantId.")


def _end(context: Context, key: Key, grant_id: str, params: dict) -> None:
    left = tuple(grant for grant in key.grants if grant["GrantId"] != grant_id)
    if len(left) == len(key.grants):
        raise not_found(f"Grant with id {grant_id} is not found.")
    check_dry_run(params)
    store_of(context).put(replace(key, grants=left))


def _shown(grant: dict) -> dict:
    return {member: value for member, value in grant.items() if member != "GrantToken"}


OPERATIONS: dict[str, Operation] = {
    "CreateGrant": create_grant,
    "ListGrants": list_grants,
    "ListRetirableGrants": list_retirable_grants,
    "RetireGrant": retire_grant,
    "RevokeGrant": revoke_grant,
}
