"""Rotation of keys, on request and each period.

The keys of a multi-Region key share their rotation, which only the primary key changes. Source: "Rotate AWS KMS keys" and "Multi-Region
keys in AWS KMS" of the developer guide.
"""

from __future__ import annotations

from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.kms import specs
from course.localaws.kms.operations.common import key_of, page, store_of
from course.localaws.kms.references import usable
from course.localaws.kms.store import DAY, Key, rotated

DEFAULT_DAYS = 365
MOST_ON_DEMAND = 25  # rotations on demand of a key


def enable_key_rotation(context: Context, params: dict) -> None:
    days = params.get("RotationPeriodInDays", DEFAULT_DAYS)
    store = store_of(context)
    with store.changing():
        key = _rotatable(usable(key_of(context, params)))
        last = max(material.made for material in key.materials)
        following = max(last, store.now()) + days * DAY
        store.put_all([replace(each, rotation_days=days, next_rotation=following) for each in store.related(key)])


def disable_key_rotation(context: Context, params: dict) -> None:
    store = store_of(context)
    with store.changing():
        key = _rotatable(usable(key_of(context, params)))
        store.put_all([replace(each, rotation_days=0, next_rotation=None) for each in store.related(key)])


def get_key_rotation_status(context: Context, params: dict) -> dict:
    key = key_of(context, params)
    if key.spec != specs.SYMMETRIC:
        raise _unsupported(key)
    on = {"RotationPeriodInDays": key.rotation_days, "NextRotationDate": key.next_rotation} if key.rotation_days else {}
    return {"KeyRotationEnabled": bool(key.rotation_days), "KeyId": key.arn, **on}


def rotate_key_on_demand(context: Context, params: dict) -> dict:
    store = store_of(context)
    with store.changing():
        key = _rotatable(usable(key_of(context, params)))
        if sum(material.kind == "ON_DEMAND" for material in key.materials) >= MOST_ON_DEMAND:
            raise AwsError("LimitExceededException", f"{key.arn} has been rotated {MOST_ON_DEMAND} times on demand, which is the most.")
        store.put_all(rotated(store.related(key), store.now(), "ON_DEMAND"))
    return {"KeyId": key.arn}


def list_key_rotations(context: Context, params: dict) -> dict:
    key = key_of(context, params)
    if key.spec != specs.SYMMETRIC:
        raise _unsupported(key)
    found = [{"KeyId": key.arn, "RotationDate": each.made, "RotationType": each.kind} for each in key.materials if each.kind]
    return page(found, params, "Rotations", lambda each: str(each["RotationDate"]), 100)


def _rotatable(key: Key) -> Key:
    if key.spec != specs.SYMMETRIC:
        raise _unsupported(key)
    if key.is_replica:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is a replica key: rotate its primary key in {key.primary}.")
    return key


def _unsupported(key: Key) -> AwsError:
    message = f"{key.arn} has the key spec {key.spec}; only symmetric encryption keys can be rotated."
    return AwsError("UnsupportedOperationException", message)


OPERATIONS: dict[str, Operation] = {
    "DisableKeyRotation": disable_key_rotation,
    "EnableKeyRotation": enable_key_rotation,
    "GetKeyRotationStatus": get_key_rotation_status,
    "ListKeyRotations": list_key_rotations,
    "RotateKeyOnDemand": rotate_key_on_demand,
}
