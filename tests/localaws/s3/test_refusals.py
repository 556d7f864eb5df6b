"""The local S3 refuses each operation that it does not support, and the refusal changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape

from course.localaws.protocol import s3_routes
from course.localaws.protocol.model import service_model
from course.localaws.s3 import table
from course.localaws.s3.service import OPERATIONS

# Their clients use other hosts, so their requests never reach this one.
ELSEWHERE = {*s3_routes.ELSEWHERE, "CreateSession"}
MODEL = service_model("s3")
UNSUPPORTED = sorted(
    set(MODEL.operation_names)
    - table.supported().keys()
    - ELSEWHERE
    - {n for n in MODEL.operation_names if MODEL.operation_model(n).deprecated}
)


def smallest(shape: Shape) -> object:
    """Returns a value of the shape with required members only."""
    if getattr(shape, "is_tagged_union", False):
        member, inner = next(iter(shape.members.items()))
        return {member: smallest(inner)}
    if shape.type_name == "structure":
        return {member: smallest(inner) for member, inner in shape.members.items() if member in shape.required_members}
    if shape.type_name == "list":
        return [smallest(shape.member)]
    if shape.type_name == "timestamp":
        return datetime.now(UTC)
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "text".ljust(shape.metadata.get("min", 0), "x")
    return {"integer": 1, "long": 1, "boolean": True, "blob": b"x", "map": {}}[shape.type_name]


def test_the_table_and_the_code_name_the_same_operations():
    assert OPERATIONS.keys() == table.supported().keys()


@pytest.mark.parametrize("operation", UNSUPPORTED)
def test_an_operation_that_is_not_supported_does_nothing(s3, bucket, operation):
    s3.put_object(Bucket=bucket, Key="text", Body=b"untouched")
    params = smallest(MODEL.operation_model(operation).input_shape)
    params |= {name: value for name, value in (("Bucket", bucket), ("Key", "text"), ("RenameSource", f"{bucket}/text")) if name in params}
    with pytest.raises(ClientError) as error:
        getattr(s3, xform_name(operation))(**params)
    assert error.value.response["Error"]["Code"] == "NotSupportedByLocalAws"
    assert s3.get_object(Bucket=bucket, Key="text")["Body"].read() == b"untouched"
    # Empty the bucket, since a mistaken DeleteBucket would delete only an empty one.
    s3.delete_object(Bucket=bucket, Key="text")
    with pytest.raises(ClientError):
        getattr(s3, xform_name(operation))(**params)
    s3.head_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "?metrics"),
        ("DELETE", "?newSubResource"),
        ("PUT", "/k?rename"),
        ("GET", "/k?session"),
        ("DELETE", "/k?annotation&annotationName=x"),
    ],
)
def test_an_unknown_sub_resource_is_never_executed_as_the_plain_operation(s3, bucket, raw, method, path):
    """Also for requests without the required members of their operation, and for operations that this botocore does not have."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"untouched")
    answer = raw(method, f"/{bucket}{path}")
    assert (answer.status_code, "NotSupportedByLocalAws" in answer.text) == (400, True), answer.text
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"untouched"


@pytest.mark.parametrize(
    "member",
    [
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2030, 1, 1, tzinfo=UTC)},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32},
        {"WriteOffsetBytes": 0},
        {"ChecksumXXHASH3": "AAAAAAAAAAA="},
    ],
    ids=lambda member: next(iter(member)),
)
def test_a_member_that_would_be_dropped_is_refused(s3, bucket, refused, member):
    with refused("NotSupportedByLocalAws", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **member)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_form_upload_and_a_wrong_method(client, bucket, refused):
    s3 = client("s3", config=Config(signature_version="s3v4"))
    form = s3.generate_presigned_post(bucket, "k")
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"x"}, timeout=10)
    assert answer.status_code >= 400
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_no_entity_is_expanded(s3, bucket, refused):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><Delete><Object><Key>&a;</Key></Object></Delete>'
    s3.meta.events.register("before-call.s3.DeleteObjects", lambda params, **_: params.update(body=bomb), unique_id="bomb")
    try:
        with refused("MalformedXML", 400):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    finally:
        s3.meta.events.unregister("before-call.s3.DeleteObjects", unique_id="bomb")
