"""Operations on keys: create, describe, list, enable, disable, delete, and their descriptions, policies and tags."""

from __future__ import annotations

from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.kms import policies, specs
from course.localaws.kms.asymmetric import new_secret
from course.localaws.kms.operations.common import key_of, page, store_of
from course.localaws.kms.references import invalid_state, not_deleted, usable
from course.localaws.kms.store import DAY, Key, Material, new_id

DEFAULT_WINDOW = 30  # days until a key is deleted
MOST_TAGS = 50
POLICY_NAME = "default"


def create_key(context: Context, params: dict) -> dict:
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or specs.SYMMETRIC
    usage = params.get("KeyUsage") or _default_usage(spec)
    specs.check(spec, usage)
    if params.get("Origin", "AWS_KMS") != "AWS_KMS" or "CustomKeyStoreId" in params or "XksKeyId" in params:
        raise not_supported("kms", "CreateKey of a key whose material is imported or in a custom key store")
    now, store, multi_region = context.platform.clock.now(), store_of(context), params.get("MultiRegion", False)
    key = Key(
        account=context.account,
        region=context.region,
        id=new_id(multi_region),
        created=now,
        spec=spec,
        usage=usage,
        policy=policies.default(context.account),
        materials=(Material(new_secret(spec), now),),
        description=params.get("Description", ""),
        primary=context.region if multi_region else "",
        tags=tuple(_tags((), params.get("Tags", []))),
    )
    if "Policy" in params:
        key = with_policy(context, key, params)
    return {"KeyMetadata": described(context, store.put(key))}


def _default_usage(spec: str) -> str:
    only = specs.only_usage(spec)
    if only not in (None, specs.ENCRYPT):
        raise AwsError("ValidationException", f"You must specify a KeyUsage value for a key of KeySpec {spec}: it can only be {only}.")
    return specs.ENCRYPT


def with_policy(context: Context, key: Key, params: dict) -> Key:
    """The key under the policy of a request, which must let the caller change it again unless the request says that it need not.

    Raises AwsError ``MalformedPolicyDocumentException``.
    """
    changed = replace(key, policy=policies.checked(params["Policy"], context.platform.identity.exists))
    if not params.get("BypassPolicyLockoutSafetyCheck"):
        action, identity = "kms:PutKeyPolicy", context.platform.identity
        asked = identity.services["kms"](action, key.arn, dict)
        demand = replace(asked, resource_policy=policies.effective(changed, action), delegated=True)
        if context.principal and identity.callers.refusal(context.principal, demand):
            raise policies.malformed("The new key policy will not allow you to update the key policy in the future.")
    return changed


def described(context: Context, key: Key) -> dict:
    """A key as KeyMetadata."""
    deletion = {"DeletionDate": key.deletion} if key.deletion is not None else {}
    return {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        **deletion,
        "Origin": "AWS_KMS",
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        specs.member(key.usage): specs.algorithms(key.spec, key.usage),
        "MultiRegion": bool(key.primary),
        **({"MultiRegionConfiguration": _related(context, key)} if key.primary else {}),
    }


def _related(context: Context, key: Key) -> dict:
    """The primary key and the replicas of a multi-Region key."""
    shown = {each.region: {"Arn": each.arn, "Region": each.region} for each in store_of(context).related(key)}
    return {
        "MultiRegionKeyType": "REPLICA" if key.is_replica else "PRIMARY",
        "PrimaryKey": shown.get(key.primary, {"Region": key.primary}),
        "ReplicaKeys": [each for region, each in shown.items() if region != key.primary],
    }


def replicate_key(context: Context, params: dict) -> dict:
    store, region = store_of(context), params["ReplicaRegion"]
    with store.changing():
        key = usable(key_of(context, params))
        if not key.primary or key.is_replica:
            raise AwsError("UnsupportedOperationException", f"{key.arn} is not a multi-Region primary key.")
        if store.key(region, key.id):
            raise AwsError("AlreadyExistsException", f"{key.arn} already has a replica in {region}.")
        fresh = replace(
            key,
            region=region,
            policy=policies.default(key.account),
            description=params.get("Description", ""),
            tags=tuple(_tags((), params.get("Tags", []))),
            grants=(),
            created=store.now(),
        )
        made = store.put(with_policy(context, fresh, params) if "Policy" in params else fresh)
    return {"ReplicaKeyMetadata": described(context, made), "ReplicaPolicy": made.policy, "ReplicaTags": [*made.tags]}


def describe_key(context: Context, params: dict) -> dict:
    return {"KeyMetadata": described(context, key_of(context, params, aliases=True))}


def list_keys(context: Context, params: dict) -> dict:
    found = [{"KeyId": key.id, "KeyArn": key.arn} for key in store_of(context).keys(context.region)]
    return page(found, params, "Keys", lambda each: each["KeyId"], 100)


def update_key_description(context: Context, params: dict) -> None:
    with store_of(context).changing():
        store_of(context).put(replace(not_deleted(key_of(context, params)), description=params["Description"]))


def enable_key(context: Context, params: dict) -> None:
    with store_of(context).changing():
        store_of(context).put(replace(not_deleted(key_of(context, params)), enabled=True))


def disable_key(context: Context, params: dict) -> None:
    with store_of(context).changing():
        store_of(context).put(replace(not_deleted(key_of(context, params)), enabled=False))


def schedule_key_deletion(context: Context, params: dict) -> dict:
    window = params.get("PendingWindowInDays", DEFAULT_WINDOW)
    if not 7 <= window <= 30:
        raise AwsError("ValidationException", f"PendingWindowInDays must be between 7 and 30, not {window}.")
    store = store_of(context)
    with store.changing():
        key = not_deleted(key_of(context, params))
        key = store.put(replace(key, enabled=False, deletion=store.now() + window * DAY, window=window))
    return {"KeyId": key.arn, "DeletionDate": key.deletion, "KeyState": key.state, "PendingWindowInDays": window}


def cancel_key_deletion(context: Context, params: dict) -> dict:
    """The key stays disabled, as on AWS."""
    store = store_of(context)
    with store.changing():
        key = key_of(context, params)
        if key.deletion is None:
            raise invalid_state(f"{key.arn} is not pending deletion.")
        store.put(replace(key, deletion=None, window=None))
    return {"KeyId": key.arn}


def get_key_policy(context: Context, params: dict) -> dict:
    _check_policy_name(params)
    return {"Policy": key_of(context, params).policy, "PolicyName": POLICY_NAME}


def put_key_policy(context: Context, params: dict) -> None:
    _check_policy_name(params)
    with store_of(context).changing():
        key = not_deleted(key_of(context, params))
        store_of(context).put(with_policy(context, key, params))


def list_key_policies(context: Context, params: dict) -> dict:
    key_of(context, params)
    return page([POLICY_NAME], params, "PolicyNames", str, 100)


def _check_policy_name(params: dict) -> None:
    if params.get("PolicyName", POLICY_NAME) != POLICY_NAME:
        raise AwsError("NotFoundException", f"No such policy exists: a key has only the policy {POLICY_NAME!r}.")


def tag_resource(context: Context, params: dict) -> None:
    with store_of(context).changing():
        key = not_deleted(key_of(context, params))
        store_of(context).put(replace(key, tags=tuple(_tags(key.tags, params["Tags"]))))


def untag_resource(context: Context, params: dict) -> None:
    with store_of(context).changing():
        key = not_deleted(key_of(context, params))
        store_of(context).put(replace(key, tags=tuple(tag for tag in key.tags if tag["TagKey"] not in params["TagKeys"])))


def list_resource_tags(context: Context, params: dict) -> dict:
    return page(key_of(context, params).tags, params, "Tags", lambda tag: tag["TagKey"], 50)


def _tags(present: tuple[dict, ...], added: list[dict]) -> list[dict]:
    """Raises AwsError ``TagException``."""
    names = [tag["TagKey"] for tag in added]
    if len(set(names)) < len(names):
        raise AwsError("TagException", "Duplicate tag keys")
    if reserved := [name for name in names if name.lower().startswith("aws:")]:
        raise AwsError("TagException", f"Tag keys that begin with aws: are reserved for AWS: {reserved[0]}")
    merged = {tag["TagKey"]: tag["TagValue"] for tag in (*present, *added)}
    if len(merged) > MOST_TAGS:
        raise AwsError("TagException", f"A key can have at most {MOST_TAGS} tags.")
    return [{"TagKey": name, "TagValue": value} for name, value in merged.items()]


OPERATIONS: dict[str, Operation] = {
    "CancelKeyDeletion": cancel_key_deletion,
    "CreateKey": create_key,
    "DescribeKey": describe_key,
    "DisableKey": disable_key,
    "EnableKey": enable_key,
    "GetKeyPolicy": get_key_policy,
    "ListKeyPolicies": list_key_policies,
    "ListKeys": list_keys,
    "ListResourceTags": list_resource_tags,
    "PutKeyPolicy": put_key_policy,
    "ReplicateKey": replicate_key,
    "ScheduleKeyDeletion": schedule_key_deletion,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateKeyDescription": update_key_description,
}
