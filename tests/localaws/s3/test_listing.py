"""Listing, compared with a model in a few lines of Python: prefix, delimiter, markers and pages."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Few characters, so that prefixes and delimiters really occur. Includes the neighbours of the surrogates and characters that URLs escape.
LETTERS = st.sampled_from(["a", "b", "/", "-", "+", " ", "ü", "\ud7ff", "\ue000", "\U0010ffff"])
KEYS = st.text(LETTERS, min_size=1, max_size=6)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def expected(keys: set[str], prefix: str, delimiter: str) -> list[str]:
    """Returns keys and common prefixes in S3's order, each common prefix once."""
    found: list[str] = []
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = key if end < 0 else key[: end + len(delimiter)]
            if entry not in found:
                found.append(entry)
    return found


def entries(pages: list[dict]) -> list[str]:
    """Returns the entries of all pages in S3's order. A page holds keys and prefixes in two lists."""
    found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    found += [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    return sorted(found, key=str.encode)


@pytest.fixture(scope="module")
def fill(s3, shared_bucket):
    """Change the bucket so that it contains exactly these keys."""

    def exactly(keys: set[str]) -> str:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=shared_bucket)
        present = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
        for key in present - keys:
            s3.delete_object(Bucket=shared_bucket, Key=key)
        for key in keys - present:
            s3.put_object(Bucket=shared_bucket, Key=key, Body=b"")
        return shared_bucket

    return exactly


@SLOW
@given(
    keys=st.sets(KEYS, max_size=12),
    prefix=st.text(LETTERS, max_size=2),
    delimiter=st.sampled_from(["", "/", "-", "a", "/a"]),
    size=st.integers(1, 5),
)
def test_pages_hold_every_entry_once(s3, fill, keys, prefix, delimiter, size):
    bucket = fill(keys)
    for operation in ("list_objects_v2", "list_objects"):
        arguments = {"Bucket": bucket, "Prefix": prefix, "Delimiter": delimiter, "PaginationConfig": {"PageSize": size}}
        pages = list(s3.get_paginator(operation).paginate(**arguments))
        assert entries(pages) == expected(keys, prefix, delimiter)
        sizes = [len(page.get("Contents", [])) + len(page.get("CommonPrefixes", [])) for page in pages]
        assert all(count == size for count in sizes[:-1])


@SLOW
@given(keys=st.sets(KEYS, max_size=12), start=KEYS)
def test_start_after_and_marker(s3, fill, keys, start):
    bucket = fill(keys)
    after = [key for key in expected(keys, "", "") if key.encode() > start.encode()]
    assert entries([s3.list_objects_v2(Bucket=bucket, StartAfter=start)]) == after
    assert entries([s3.list_objects(Bucket=bucket, Marker=start)]) == after


def test_the_shape_of_a_page(s3, fill, refused):
    bucket = fill({"a", "b/1", "b/2", "c"})
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2, FetchOwner=True, StartAfter="A")
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"], page["StartAfter"]) == (2, 2, True, "A")
    assert len(page["Contents"][0]["Owner"]["ID"]) == 64
    rest = s3.list_objects_v2(Bucket=bucket, Delimiter="/", ContinuationToken=page["NextContinuationToken"])
    assert entries([rest]) == ["c"]
    assert s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)["NextMarker"] == "b/"
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, MaxKeys=2)
    empty = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (empty["KeyCount"], empty["IsTruncated"]) == (0, False)
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="not a token")
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, MaxKeys=-1)
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="no-such-bucket-here")


def test_a_common_prefix_hides_any_number_of_keys(s3, bucket, local_aws):
    for number in range(1200):
        s3.put_object(Bucket=bucket, Key=f"many/{number}", Body=b"")
    s3.put_object(Bucket=bucket, Key="z", Body=b"")
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert (entries([page]), page["IsTruncated"]) == (["many/", "z"], False)
    assert len(entries(list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="many/")))) == 1200
