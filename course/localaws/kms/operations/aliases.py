"""Operations on aliases. Source: "Aliases in AWS KMS" of the developer guide."""

from __future__ import annotations

import re

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.kms.managed import PREFIX
from course.localaws.kms.operations.common import key_of, page, store_of
from course.localaws.kms.references import ALIAS, Reference, not_deleted, not_found
from course.localaws.kms.store import Alias, Key

_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")


def create_alias(context: Context, params: dict) -> None:
    name = _checked(params["AliasName"])
    store = store_of(context)
    with store.changing():
        key = _target(context, params)
        if store.alias(context.region, name):
            arn = Reference.of(name, context.region, context.account).arn
            raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists")
        now = store.now()
        store.put_alias(context.region, Alias(name, key.id, now, now))


def update_alias(context: Context, params: dict) -> None:
    name = _checked(params["AliasName"])
    store = store_of(context)
    with store.changing():
        present, key = _existing(context, name), _target(context, params)
        before = store.key(context.region, present.key)
        if before and (before.spec, before.usage) != (key.spec, key.usage):
            message = f"Alias {name} names a key of the usage {before.usage} and the spec {before.spec}; the new key must have the same."
            raise AwsError("ValidationException", message)
        store.put_alias(context.region, Alias(name, key.id, present.created, store.now()))


def delete_alias(context: Context, params: dict) -> None:
    name = _checked(params["AliasName"])
    with store_of(context).changing():
        _existing(context, name)
        store_of(context).delete_alias(context.region, name)


def list_aliases(context: Context, params: dict) -> dict:
    only = key_of(context, params).id if "KeyId" in params else None
    found = [_described(context, alias) for alias in store_of(context).aliases(context.region) if only in (None, alias.key)]
    return page(found, params, "Aliases", lambda each: each["AliasName"], 50)


def _described(context: Context, alias: Alias) -> dict:
    return {
        "AliasName": alias.name,
        "AliasArn": Reference.of(alias.name, context.region, context.account).arn,
        "TargetKeyId": alias.key,
        "CreationDate": alias.created,
        "LastUpdatedDate": alias.updated,
    }


def _checked(name: str) -> str:
    """Raises AwsError ``ValidationException``, ``InvalidAliasNameException``, ``NotFoundException``."""
    if not name.startswith(ALIAS):
        raise AwsError("ValidationException", 'Invalid identifier: an alias name begins with "alias/".')
    if name.startswith(PREFIX):
        raise AwsError("InvalidAliasNameException", f'Alias names that begin with "{PREFIX}" are AWS\'s own.')
    if not _NAME.fullmatch(name):
        message = "Alias name must not contain other characters than letters, digits, slashes, underscores and hyphens."
        raise AwsError("InvalidAliasNameException", message)
    return name


def _existing(context: Context, name: str) -> Alias:
    found = store_of(context).alias(context.region, name)
    if found is None:
        raise not_found(f"Alias {Reference.of(name, context.region, context.account).arn} is not found.")
    return found


def _target(context: Context, params: dict) -> Key:
    return not_deleted(key_of(context, params, "TargetKeyId"))


OPERATIONS: dict[str, Operation] = {
    "CreateAlias": create_alias,
    "DeleteAlias": delete_alias,
    "ListAliases": list_aliases,
    "UpdateAlias": update_alias,
}
