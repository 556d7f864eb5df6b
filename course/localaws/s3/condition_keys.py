"""S3's condition keys of a request: what it asks, how it is signed, and the tags in it. `condition_keys.yaml` is their table."""

from __future__ import annotations

import time
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.permissions import by_operation, values_at
from course.localaws.s3.operations.copies import source_of

TLS: ConditionKeys = {"s3:TlsVersion": ["1.3"]}  # of AWS's endpoints, which this one replaces
COPIES = ("CopyObject", "UploadPartCopy")
OF_UPLOADS = ("CompleteMultipartUpload", "UploadPart", "UploadPartCopy")
TAGGED = ("CopyObject", "CreateMultipartUpload", "PutObject")  # by a header
_CREATES = ("CompleteMultipartUpload", "CopyObject", "PutObject")  # an object; the other operations of s3:PutObject make parts
_TAGS = ("s3:existingobjecttag/", "s3:requestobjecttag/", "aws:resourcetag/")


def of_request(call: AwsRequest, params: dict) -> ConditionKeys:
    """The keys of a request, without those of its bucket and objects."""
    found = _signature(call) | _tags(call.operation, params)
    for name, paths in _members().get(call.operation, {}).items():
        if values := [value for path in paths for value in values_at(params, path)]:
            found[name] = values
    if call.operation in (*_CREATES, *OF_UPLOADS, "CreateMultipartUpload"):
        found["s3:ObjectCreationOperation"] = [str(call.operation in _CREATES).lower()]
    if call.operation in COPIES:
        found["s3:x-amz-copy-source"] = [source_of(params)[0]]
    return found


def encryption(properties: dict) -> ConditionKeys:
    """The keys of the members ``ServerSideEncryption`` and ``SSEKMSKeyId``."""
    names = {"ServerSideEncryption": "s3:x-amz-server-side-encryption", "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id"}
    return {name: [properties[member]] for member, name in names.items() if member in properties}


def of_key(kms_key: str | None) -> ConditionKeys:
    """The keys of a service's request that stores an object under a KMS key, or under none."""
    return encryption({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}) if kms_key else {}


def is_absent(key: str) -> bool:
    """Whether a key (in lower case) that a request does not have is really absent, and not unknown."""
    document = _document()
    if key.startswith(_TAGS) or key in document["computed"]:
        return True
    return key in _known() or any(key == name or (name.endswith("/") and key.startswith(name)) for name in document["never"])


def _signature(call: AwsRequest) -> ConditionKeys:
    query = dict(parse_qsl(call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    found = dict(TLS)
    declared = call.headers.get("x-amz-content-sha256") or query.get("X-Amz-Content-Sha256")
    if declared:
        found["s3:x-amz-content-sha256"] = [declared]
    if "Signature" in query:  # version 2, which does not say when it was made
        return found | {"s3:signatureversion": ["AWS"], "s3:authType": ["REST-QUERY-STRING"]}
    found["s3:signatureversion"] = ["AWS4-HMAC-SHA256"]
    if "X-Amz-Signature" not in query:
        return found | {"s3:authType": ["REST-HEADER"]}
    age = time.time() - datetime.fromisoformat(query["X-Amz-Date"]).timestamp()
    return found | {"s3:authType": ["REST-QUERY-STRING"], "s3:signatureAge": [str(max(0, round(age * 1000)))]}


def _tags(operation: str, params: dict) -> ConditionKeys:
    """The tags of a request. A header with a wrong form is refused later."""
    if operation == "PutObjectTagging":
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tagging", {}).get("TagSet", ())}
    elif operation in TAGGED:
        tags = dict(parse_qsl(params.get("Tagging") or "", keep_blank_values=True))
    else:
        return {}
    return {f"s3:RequestObjectTag/{name}": [value] for name, value in tags.items()} | ({"s3:RequestObjectTagKeys": [*tags]} if tags else {})


@cache
def _document() -> dict:
    return table(Path(__file__).with_suffix(".yaml"))


@cache
def _known() -> frozenset[str]:
    return frozenset(name.lower() for name in _document()["conditions"])


@cache
def _members() -> dict[str, dict[str, list[str]]]:
    """Operation -> key -> the members with its values."""
    turned: dict[str, dict[str, list[str]]] = {}
    for name, members in _document()["conditions"].items():
        for operation, paths in by_operation(members).items():
            turned.setdefault(operation, {})[name] = paths
    return turned
