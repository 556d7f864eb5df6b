"""Stores and returns the configuration documents of buckets. `operations.yaml` describes each document and its effect here."""

from __future__ import annotations

import secrets
from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.protocol import xml
from course.localaws.protocol.model import service_model
from course.localaws.protocol.rest_xml import form
from course.localaws.s3 import bucket_policies, events, table
from course.localaws.s3.buckets import ARN
from course.localaws.s3.tags import checked_tags

TAGGING = "tagging"
SIZE_RULE = "TransitionDefaultMinimumObjectSize"


def configure(context: Context, bucket: str, kind: str, document: dict | None) -> None:
    """Store or delete a document. The bucket's tags count for its storage and requests from then on."""
    context.platform.objects.buckets.configure(bucket, kind, document)
    if kind == TAGGING:
        tags = (document or {}).get("TagSet", ())
        context.platform.usage.tagged(f"{ARN}{bucket}", {tag["Key"]: tag["Value"] for tag in tags})


def _get(kind: str, entry: dict, context: Context, params: dict) -> dict:
    document = current(context, params, kind)
    if document is None and "missing" not in entry:
        return {}
    if document is None:
        code, message = entry["missing"]
        raise AwsError(code, message, status=404, BucketName=params["Bucket"])
    payload = service_model("s3").operation_model(entry["get"]).output_shape.serialization.get("payload")
    return {payload: document} if payload and payload not in document else document


def _put(kind: str, entry: dict, context: Context, params: dict) -> None:
    payload = form(entry["put"]).body
    document = params.get(payload)
    if document is None:
        raise AwsError("MissingRequestBodyError", "Request Body is empty")
    if isinstance(document, str):
        document = {payload: document}
    if check := _CHECKS.get(kind):
        document = check(context, params, document)
    configure(context, params["Bucket"], kind, document)


def _delete(kind: str, entry: dict, context: Context, params: dict) -> None:
    # A bucket always has a default encryption. Other deleted documents must not fall back to the default of a new bucket.
    configure(context, params["Bucket"], kind, None if entry.get("resets") or "default" not in entry else {})


def current(context: Context, params: dict, kind: str) -> dict | None:
    """The bucket's document of a kind, its default, or None if there is none or it was deleted."""
    document = context.platform.objects.buckets.configuration(params["Bucket"], kind)
    return table.configurations()[kind].get("default") if document is None else document or None


def _tagging(context: Context, params: dict, document: dict) -> dict:
    checked_tags(document["TagSet"], most=50)
    return document


def _policy(context: Context, params: dict, document: dict) -> dict:
    bucket = params["Bucket"]
    policy = bucket_policies.parsed(bucket, document["Policy"])
    if (current(context, params, "publicAccessBlock") or {}).get("BlockPublicPolicy") and bucket_policies.is_public(policy):
        message = (
            f'User: {context.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::{bucket}" because '
            "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )
        raise AwsError("AccessDenied", message, 403)
    return document


def _lifecycle(context: Context, params: dict, document: dict) -> dict:
    rules = [{"ID": rule.get("ID") or secrets.token_urlsafe(36), **rule} for rule in document.get("Rules", [])]
    if not rules:
        raise xml.malformed("no rules are listed")
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise AwsError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    return {"Rules": rules, SIZE_RULE: params.get(SIZE_RULE, "all_storage_classes_128K")}


def _notification(context: Context, params: dict, document: dict) -> dict:
    if others := sorted(document.keys() - {events.EVENT_BRIDGE}):
        raise not_supported("s3", f"PutBucketNotificationConfiguration with {', '.join(others)}")
    return document


_CHECKS = {TAGGING: _tagging, "policy": _policy, "lifecycle": _lifecycle, events.KIND: _notification}


def _unconfigured(answer: dict | list, context: Context, params: dict) -> dict:
    context.platform.objects.buckets.get(params["Bucket"])
    if isinstance(answer, list):
        code, message = answer
        raise AwsError(code, message, status=404, BucketName=params["Bucket"])
    return answer


def policy_status(context: Context, params: dict) -> dict:
    document = _get("policy", table.configurations()["policy"], context, params)
    return {"PolicyStatus": {"IsPublic": bucket_policies.is_public(bucket_policies.parsed(params["Bucket"], document["Policy"]))}}


_BY_VERB = {"get": _get, "put": _put, "delete": _delete}
OPERATIONS: dict[str, Operation] = {
    "GetBucketPolicyStatus": policy_status,
    **{operation: partial(_unconfigured, answer) for operation, answer in table.unconfigured().items()},
    **{
        entry[verb]: partial(function, kind, entry)
        for kind, entry in table.configurations().items()
        for verb, function in _BY_VERB.items()
        if verb in entry
    },
}
