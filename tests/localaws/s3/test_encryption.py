"""Objects under KMS keys: encrypted on disk, readable only with the key's permission, unreadable while the key is disabled."""

from __future__ import annotations

import base64
import hashlib
import json
import os

import pytest
import requests
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.s3.sealing import SEGMENT
from tests.localaws.kms.conftest import ACCOUNT, OF_ACCOUNT, User, allow, policy

S3 = "arn:aws:s3:::"
PART = 5 << 20


@pytest.fixture(scope="module")
def kms(client):
    return client("kms")


@pytest.fixture(scope="module")
def key(kms) -> str:
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def user(local_aws, client):
    """A user who may do anything in S3; ``user(*statements)`` adds statements."""
    return lambda *statements: User(local_aws, client("iam"), allow("s3:*"), *statements)("s3")


def under(key: str, **more) -> dict:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, **more}


def on_disk(local_aws, text: bytes) -> bool:
    """Whether any file of the state folder has these bytes."""
    files = [path for path in (local_aws.state / "objects").rglob("*") if path.is_file()]
    return any(text in path.read_bytes() for path in files)


def denied(call, **parameters) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    return error.value.response["Error"]["Message"]


def test_a_body_under_a_key_is_encrypted_on_disk_and_others_are_plain(s3, bucket, key, local_aws):
    secret, plain = os.urandom(100), os.urandom(100)
    s3.put_object(Bucket=bucket, Key="secret", Body=secret, **under(key))
    s3.put_object(Bucket=bucket, Key="plain", Body=plain)
    assert s3.get_object(Bucket=bucket, Key="secret")["Body"].read() == secret
    assert on_disk(local_aws, plain) and not on_disk(local_aws, secret)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_of_any_size(s3, shared_bucket, key, data):
    size = data.draw(st.sampled_from([1, 17, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 5]))
    body = os.urandom(size)
    s3.put_object(Bucket=shared_bucket, Key="ranges", Body=body, **under(key))
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size + 10))
    assert s3.get_object(Bucket=shared_bucket, Key="ranges", Range=f"bytes={first}-{last}")["Body"].read() == body[first : last + 1]
    assert s3.get_object(Bucket=shared_bucket, Key="ranges")["Body"].read() == body
    assert s3.head_object(Bucket=shared_bucket, Key="ranges")["ContentLength"] == size


def test_an_empty_object(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key="empty", Body=b"", **under(key))
    assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == b""


def test_the_etag_is_no_md5(s3, bucket, key):
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **under(key))
    assert answer["ETag"].strip('"') != hashlib.md5(b"hello").hexdigest()
    assert answer["ETag"] == s3.head_object(Bucket=bucket, Key="k")["ETag"]


def test_a_body_that_was_changed_on_disk_is_not_sent(s3, bucket, key, local_aws):
    before = {path for path in (local_aws.state / "objects").rglob("*") if path.is_file()}
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **under(key))
    [made] = {path for path in (local_aws.state / "objects").rglob("*") if path.is_file()} - before
    made.chmod(0o644)
    made.write_bytes(bytes([made.read_bytes()[0] ^ 1]) + made.read_bytes()[1:])
    with pytest.raises(Exception, match="(?i)closed|broken|InternalError|incomplete|aborted|read"):
        s3.get_object(Bucket=bucket, Key="k")["Body"].read()


def test_multipart_uploads_and_copies(s3, bucket, key, kms, local_aws):
    parts = [os.urandom(PART), os.urandom(100)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large", **under(key))["UploadId"]
    sent = [s3.upload_part(Bucket=bucket, Key="large", UploadId=upload, PartNumber=n, Body=part) for n, part in enumerate(parts, 1)]
    assert not on_disk(local_aws, parts[1])
    listed = [{"PartNumber": n, "ETag": each["ETag"]} for n, each in enumerate(sent, 1)]
    s3.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload={"Parts": listed})
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == b"".join(parts)
    assert s3.get_object(Bucket=bucket, Key="large", PartNumber=2)["Body"].read() == parts[1]
    assert not on_disk(local_aws, parts[1])

    other = kms.create_key()["KeyMetadata"]["Arn"]
    for name, encryption in (("other", under(other)), ("plain", {"ServerSideEncryption": "AES256"})):
        s3.copy_object(Bucket=bucket, Key=name, CopySource=f"{bucket}/large", **encryption)
        assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == b"".join(parts)
    assert s3.head_object(Bucket=bucket, Key="other")["SSEKMSKeyId"] == other
    assert on_disk(local_aws, parts[1])  # of the plain copy
    s3.copy_object(Bucket=bucket, Key="again", CopySource=f"{bucket}/plain", **under(key))
    assert s3.get_object(Bucket=bucket, Key="again")["Body"].read() == b"".join(parts)

    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", **under(other))["UploadId"]
    copied = s3.upload_part_copy(
        Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/large", CopySourceRange="bytes=5-104"
    )["CopyPartResult"]
    listed = [{"PartNumber": 1, "ETag": copied["ETag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": listed})
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == parts[0][5:105]


def test_reading_and_writing_need_the_keys_permission(s3, bucket, key, user):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    nobody = user()
    message = denied(nobody.get_object, Bucket=bucket, Key="k")
    assert f"is not authorized to perform: kms:Decrypt on resource: {key} because no identity-based policy allows" in message
    assert "kms:GenerateDataKey" in denied(nobody.put_object, Bucket=bucket, Key="k", Body=b"y", **under(key))
    assert nobody.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1
    assert "kms:Decrypt" in denied(nobody.copy_object, Bucket=bucket, Key="stolen", CopySource=f"{bucket}/k")
    writer = user(allow("kms:GenerateDataKey", key))
    writer.put_object(Bucket=bucket, Key="k2", Body=b"y", **under(key))
    denied(writer.get_object, Bucket=bucket, Key="k2")
    reader = user(allow("kms:Decrypt", key))
    assert reader.get_object(Bucket=bucket, Key="k2")["Body"].read() == b"y"
    denied(reader.put_object, Bucket=bucket, Key="k2", Body=b"y", **under(key))


def test_an_upload_in_parts_needs_both_permissions(bucket, key, user):
    writer = user(allow("kms:GenerateDataKey", key))
    upload = writer.create_multipart_upload(Bucket=bucket, Key="k", **under(key))["UploadId"]
    assert "kms:Decrypt" in denied(writer.upload_part, Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    both = user(allow(["kms:GenerateDataKey", "kms:Decrypt"], key))
    part = both.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    both.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=listed)


def test_through_s3_only(s3, bucket, key, user, local_aws, client):
    through = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    ada = User(local_aws, client("iam"), allow("s3:*"), allow("kms:*", key, Condition=through))
    ada("s3").put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    assert ada("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        ada("kms").encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize("bucket_key", [False, True])
def test_the_encryption_context_names_the_object_or_the_bucket(bucket, key, user, bucket_key):
    named = f"{S3}{bucket}" if bucket_key else f"{S3}{bucket}/mine/*"
    ada = user(allow("kms:*", key, Condition={"StringLike": {"kms:EncryptionContext:aws:s3:arn": named}}))
    settings = under(key, BucketKeyEnabled=bucket_key)
    ada.put_object(Bucket=bucket, Key="mine/k", Body=b"x", **settings)
    assert ada.get_object(Bucket=bucket, Key="mine/k")["Body"].read() == b"x"
    if bucket_key:
        ada.put_object(Bucket=bucket, Key="yours/k", Body=b"x", **settings)
    else:
        denied(ada.put_object, Bucket=bucket, Key="yours/k", Body=b"x", **settings)


def test_a_context_of_the_client(s3, bucket, key, user, refused):
    context = base64.b64encode(json.dumps({"team": "ml"}).encode()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSEKMSEncryptionContext=context, **under(key))
    ours = user(allow("kms:Decrypt", key, Condition={"StringEquals": {"kms:EncryptionContext:team": "ml"}}))
    assert ours.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    theirs = user(allow("kms:Decrypt", key, Condition={"StringEquals": {"kms:EncryptionContext:team": "hr"}}))
    denied(theirs.get_object, Bucket=bucket, Key="k")
    with refused("InvalidArgument"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSEKMSEncryptionContext="bm90aGluZw==", **under(key))


def test_the_buckets_default_key(s3, bucket, key, user):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert "kms:GenerateDataKey" in denied(user().put_object, Bucket=bucket, Key="k", Body=b"x")
    user(allow("kms:GenerateDataKey", key)).put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key


def test_the_managed_key_needs_no_permission(s3, bucket, user):
    somebody = user()
    somebody.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert somebody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_key_that_cannot_be_used_makes_its_objects_unreadable(s3, bucket, kms, refused):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException"):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("KMS.DisabledException"):
        s3.put_object(Bucket=bucket, Key="k2", Body=b"x", **under(key))
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMS.KMSInvalidStateException"):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1
    s3.delete_object(Bucket=bucket, Key="k")
    for unknown in ("alias/nothing", key.replace("key/", "key/0")):
        with refused("KMS.NotFoundException"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(unknown))


def test_a_grant_opens_an_object(s3, bucket, kms, client, local_aws, key):
    ada = User(local_aws, client("iam"), allow("s3:*"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    context = {"EncryptionContextSubset": {"aws:s3:arn": f"{S3}{bucket}/k"}}
    made = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=["Decrypt"], Constraints=context)
    assert ada("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    denied(ada("s3").get_object, Bucket=bucket, Key="k")


def test_a_presigned_url_has_the_rights_of_its_signer(s3, bucket, key, user):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    good = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    bad = user().generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(good, timeout=10).content == b"x"
    assert requests.get(bad, timeout=10).status_code == 403


def test_a_bucket_that_requires_encryption_with_one_key(s3, bucket, kms, key, refused):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"{S3}{bucket}/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))
    with refused("AccessDenied", 403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_a_key_policy_alone_opens_an_object(s3, bucket, kms, client, local_aws):
    ada = User(local_aws, client("iam"), allow("s3:*"))
    key = kms.create_key(Policy=policy(OF_ACCOUNT, allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/{ada.name}"})))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key["KeyMetadata"]["Arn"]))
    assert ada("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
