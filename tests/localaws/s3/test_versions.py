"""Versioning, compared with a model: the current version, the versions after a deletion, restored versions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def versioned(s3, bucket) -> str:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def listed(s3, bucket: str, **arguments) -> list[tuple[str, str, bool, bool]]:
    """Returns key, version, whether it is the latest, and whether it is a delete marker, in S3's order."""
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **arguments):
        page_entries = [(e["Key"], e["VersionId"], e["IsLatest"], False) for e in page.get("Versions", [])]
        found += page_entries + [(e["Key"], e["VersionId"], e["IsLatest"], True) for e in page.get("DeleteMarkers", [])]
    return found


def test_every_put_is_kept_and_a_deletion_can_be_undone(s3, versioned, refused):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == second
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=first)["Body"].read() == b"1"
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True
    with refused("NoSuchKey", 404) as error:
        s3.get_object(Bucket=versioned, Key="k")
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker["VersionId"])
    with refused("MethodNotAllowed", 405):
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert listed(s3, versioned) == [("k", second, False, False), ("k", first, False, False), ("k", marker["VersionId"], True, True)]
    undone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert (undone["DeleteMarker"], undone["VersionId"]) == (True, marker["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"2"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=second)
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)


def test_suspended_versioning_replaces_only_the_null_version(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"kept")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    s3.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert listed(s3, bucket) == [("k", "null", True, False), ("k", kept, False, False)]
    s3.delete_object(Bucket=bucket, Key="k")
    assert listed(s3, bucket) == [("k", kept, False, False), ("k", "null", True, True)]


def test_copying_and_tagging_a_version(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2")
    copy = s3.copy_object(Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert copy["CopySourceVersionId"] == first
    assert s3.get_object(Bucket=versioned, Key="copy")["Body"].read() == b"1"
    s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_deleting_many_versions(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": first}]})["Deleted"]
    assert answer[0]["DeleteMarker"] is True
    assert answer[1] == {"Key": "k", "VersionId": first}
    s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": answer[0]["DeleteMarkerVersionId"]}]})
    s3.delete_bucket(Bucket=versioned)


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "remove oldest", "suspend", "enable"]), st.sampled_from(["a", "a/b", "b"])), max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, size=st.integers(1, 4))
def test_any_history_is_listed_as_the_model_says(s3, shared_bucket, steps, size):
    status = "Enabled"
    s3.put_bucket_versioning(Bucket=shared_bucket, VersioningConfiguration={"Status": status})
    histories: dict[str, list[tuple[str, bool]]] = {}  # key -> (version, is it a delete marker), newest first
    for step, key in steps:
        history = histories.setdefault(key, [])
        if step in ("suspend", "enable"):
            status = "Suspended" if step == "suspend" else "Enabled"
            s3.put_bucket_versioning(Bucket=shared_bucket, VersioningConfiguration={"Status": status})
        elif step == "remove oldest" and history:
            s3.delete_object(Bucket=shared_bucket, Key=key, VersionId=history.pop()[0])
        elif step in ("put", "delete"):
            deletes = step == "delete"
            answer = s3.delete_object(Bucket=shared_bucket, Key=key) if deletes else s3.put_object(Bucket=shared_bucket, Key=key, Body=b"")
            version = answer.get("VersionId", "null")
            history[:] = [entry for entry in history if version != "null" or entry[0] != "null"]
            history.insert(0, (version, deletes))
    expected = [(key, version, i == 0, gone) for key in sorted(histories) for i, (version, gone) in enumerate(histories[key])]
    found = listed(s3, shared_bucket, PaginationConfig={"PageSize": size})
    assert sorted(found) == sorted(expected)
    assert [entry for entry in found if not entry[3]] == [entry for entry in expected if not entry[3]]
    current = [key for key in sorted(histories) if histories[key] and not histories[key][0][1]]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=shared_bucket).get("Contents", [])] == current
    for key, version, _, _ in found:
        s3.delete_object(Bucket=shared_bucket, Key=key, VersionId=version)
    assert listed(s3, shared_bucket) == []
