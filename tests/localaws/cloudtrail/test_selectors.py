"""Event selectors: basic ones choose the same records as the advanced ones that AWS's documentation writes for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course.localaws.cloudtrail import selectors

BUCKETS, KEYS = ("logs", "data"), ("", "in/a", "in/b", "out")
READ_WRITE = {"All": [], "ReadOnly": [{"Field": "readOnly", "Equals": ["true"]}], "WriteOnly": [{"Field": "readOnly", "Equals": ["false"]}]}


@st.composite
def records(draw) -> dict:
    """A management event of some service, or a data event of S3 or Lambda."""
    read_only = draw(st.booleans())
    if draw(st.booleans()):
        source = draw(st.sampled_from(["kms.amazonaws.com", "s3.amazonaws.com"]))
        return {"eventCategory": "Management", "readOnly": read_only, "eventSource": source, "userIdentity": {}}
    bucket, key = draw(st.sampled_from(BUCKETS)), draw(st.sampled_from(KEYS))
    resource = draw(
        st.sampled_from(
            [
                {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
                {"type": "AWS::Lambda::Function", "ARN": f"arn:aws:lambda:us-east-1:123456789012:function:{bucket}"},
            ]
        )
    )
    return {"eventCategory": "Data", "readOnly": read_only, "eventSource": "s3.amazonaws.com", "userIdentity": {}, "resources": [resource]}


@st.composite
def basic_selectors(draw) -> dict:
    values = [f"arn:aws:s3:::{bucket}/{prefix}" for bucket in BUCKETS for prefix in ("", "in/")]
    found = {
        "ReadWriteType": draw(st.sampled_from(list(READ_WRITE))),
        "IncludeManagementEvents": draw(st.booleans()),
        "ExcludeManagementEventSources": draw(st.sampled_from([[], ["kms.amazonaws.com"]])),
        "DataResources": [],
    }
    if draw(st.booleans()):
        found["DataResources"] = [{"Type": "AWS::S3::Object", "Values": draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))}]
    return found


def advanced(selector: dict) -> list[dict]:
    """The advanced selectors that mean the same ("Logging data events": converting basic event selectors)."""
    found = []
    if selector["IncludeManagementEvents"]:
        excluded = selector["ExcludeManagementEventSources"]
        sources = [{"Field": "eventSource", "NotEquals": excluded}] if excluded else []
        found.append([{"Field": "eventCategory", "Equals": ["Management"]}, *READ_WRITE[selector["ReadWriteType"]], *sources])
    for resource in selector["DataResources"]:
        kind = [{"Field": "resources.type", "Equals": [resource["Type"]]}, {"Field": "resources.ARN", "StartsWith": resource["Values"]}]
        found.append([{"Field": "eventCategory", "Equals": ["Data"]}, *READ_WRITE[selector["ReadWriteType"]], *kind])
    return [{"FieldSelectors": fields} for fields in found]


@given(st.lists(basic_selectors(), min_size=1, max_size=2), records())
def test_basic_and_advanced_selectors_agree(given_selectors: list[dict], record: dict) -> None:
    basic = {"_Selectors": given_selectors, "_Advanced": []}
    meant = [each for selector in given_selectors for each in advanced(selector)]
    if meant:
        selectors.checked({"AdvancedEventSelectors": meant})
    assert selectors.selects(basic, record) == bool(meant and selectors.selects({"_Selectors": [], "_Advanced": meant}, record))


def test_all_buckets_and_all_functions_can_be_named() -> None:
    for kind, all_of, arn in (
        ("AWS::S3::Object", "arn:aws:s3", "arn:aws:s3:::b/k"),
        ("AWS::S3::Object", "arn:aws:s3:::", "arn:aws:s3:::b/k"),
        ("AWS::Lambda::Function", "arn:aws:lambda", "arn:aws:lambda:us-east-1:123456789012:function:f"),
    ):
        trail = {"_Advanced": [], "_Selectors": [{**selectors.DEFAULT[0], "DataResources": [{"Type": kind, "Values": [all_of]}]}]}
        assert selectors.selects(trail, {"eventCategory": "Data", "readOnly": True, "resources": [{"type": kind, "ARN": arn}]})
