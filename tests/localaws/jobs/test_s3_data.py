from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import inside, path_below, split


@pytest.mark.parametrize(
    ("key", "prefix", "place"),
    [
        ("data/train/a.csv", "data/train/", "a.csv"),
        ("data/train/a.csv", "data/train", "a.csv"),
        ("data/train/2013/a.csv", "data/train", "2013/a.csv"),
        ("data/train/a.csv", "data/tr", "train/a.csv"),
        ("data/train.csv", "data/train.csv", "train.csv"),
        ("data/train2/a.csv", "data/train", "train2/a.csv"),
        ("a.csv", "", "a.csv"),
        ("data/../../a.csv", "data/", "a.csv"),
    ],
)
def test_where_objects_of_a_prefix_go(key: str, prefix: str, place: str) -> None:
    assert path_below(key, prefix) == PurePosixPath(place)


@given(st.text())
def test_no_key_leads_out(key: str) -> None:
    assert not inside(key).is_absolute() and ".." not in inside(key).parts


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/some/key",
        "https://s3.us-east-1.amazonaws.com/bucket/some/key",
        "https://s3-us-west-2.amazonaws.com/bucket/some/key",
        "https://bucket.s3.us-east-1.amazonaws.com/some/key",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/some/key",
    ],
)
def test_every_form_of_an_s3_uri(uri: str) -> None:
    assert split(uri) == ("bucket", "some/key")


@pytest.mark.parametrize("uri", ["bucket/key", "http://bucket/key", "s3:///key", ""])
def test_other_uris(uri: str) -> None:
    with pytest.raises(AwsError, match="ValidationException"):
        split(uri)
