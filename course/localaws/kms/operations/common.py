"""What the operations of KMS share: their keys, pages of lists, and dry runs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.kms import references, specs
from course.localaws.kms.store import Key, KeyStore

T = TypeVar("T")


def store_of(context: Context) -> KeyStore:
    return context.platform.keys


def key_of(context: Context, params: dict, member: str = "KeyId", aliases: bool = False) -> Key:
    """The key that a request names. Raises AwsError ``NotFoundException``."""
    return references.require(store_of(context), context.region, params[member], aliases)


def for_use(context: Context, params: dict, usage: str, member: str = "KeyId") -> Key:
    """The enabled key of a request, whose usage must be the operation's.

    Raises
    ------
    AwsError
        ``NotFoundException``, ``DisabledException``, ``KMSInvalidStateException``, ``InvalidKeyUsageException``.
    """
    key = references.usable(key_of(context, params, member, aliases=True))
    if key.usage != usage:
        raise wrong_usage(key, context)
    return key


def symmetric(context: Context, params: dict) -> Key:
    """The enabled symmetric encryption key of a request. Raises AwsError as `for_use` does."""
    key = for_use(context, params, specs.ENCRYPT)
    if key.spec != specs.SYMMETRIC:
        raise wrong_usage(key, context)
    return key


def wrong_usage(key: Key, context: Context) -> AwsError:
    operation = context.call.operation if context.call else "this operation"
    message = f"{key.arn} key usage is {key.usage} and its key spec is {key.spec}, which is not valid for {operation}."
    return AwsError("InvalidKeyUsageException", message)


def check_grant_tokens(context: Context, params: dict) -> None:
    """Raises AwsError ``InvalidGrantTokenException``. A grant counts at once here, so a token adds nothing."""
    for token in params.get("GrantTokens", ()):
        if store_of(context).grant(context.region, token) is None:
            raise invalid_grant_token()


def invalid_grant_token() -> AwsError:
    return AwsError("InvalidGrantTokenException", "The grant token is not one of an existing grant.")


def check_dry_run(params: dict) -> None:
    """Raises AwsError ``DryRunOperationException`` when only the permissions were asked for."""
    if params.get("DryRun"):
        raise AwsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")


def page(found: Sequence[T], params: dict, member: str, identity: Callable[[T], str], limit: int) -> dict:
    """One page of a list, as the members of the result. Raises AwsError ``InvalidMarkerException``."""
    start = _start(found, params.get("Marker"), identity)
    shown = [*found[start : start + params.get("Limit", limit)]]
    truncated = start + len(shown) < len(found)
    following = {"NextMarker": base64.b64encode(identity(shown[-1]).encode()).decode()} if truncated else {}
    return {member: shown, "Truncated": truncated, **following}


def _start(found: Sequence[T], marker: str | None, identity: Callable[[T], str]) -> int:
    """The index after the item that a marker names."""
    if marker is None:
        return 0
    try:
        last = base64.b64decode(marker, validate=True).decode()
    except ValueError:
        last = ""
    position = next((index + 1 for index, each in enumerate(found) if identity(each) == last), None)
    if position is None:
        raise AwsError("InvalidMarkerException", "The marker is not one that this operation returned, or its item was deleted.")
    return position
