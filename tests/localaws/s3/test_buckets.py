"""Buckets: names, regions, lists and stored documents."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Upper", "a..b", "-a-", "192.168.1.1", "xn--a", "a-s3alias", "under_score", "a-"])
def test_names_that_s3_does_not_accept(s3, name):
    with pytest.raises(ClientError) as error:
        s3.create_bucket(Bucket=name)
    assert error.value.response["Error"]["Code"] == "InvalidBucketName"


@pytest.mark.parametrize("name", ["a.b-c", "123", "a" * 63])
def test_names_that_s3_accepts(s3, name):
    s3.create_bucket(Bucket=name)
    assert name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    s3.delete_bucket(Bucket=name)


def test_regions(client, refused):
    home, west = client("s3"), client("s3", region_name="us-west-2")
    home.create_bucket(Bucket="lives-at-home")
    home.create_bucket(Bucket="lives-at-home")  # as on AWS: in us-east-1 only, no error
    west.create_bucket(Bucket="lives-in-west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert home.get_bucket_location(Bucket="lives-at-home")["LocationConstraint"] is None
    assert home.get_bucket_location(Bucket="lives-in-west")["LocationConstraint"] == "us-west-2"
    assert home.head_bucket(Bucket="lives-in-west")["BucketRegion"] == "us-west-2"
    with refused("BucketAlreadyOwnedByYou", 409):
        west.create_bucket(Bucket="lives-in-west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    with refused("IllegalLocationConstraintException", 400):
        west.create_bucket(Bucket="nowhere-yet")
    with refused("IllegalLocationConstraintException", 400):
        west.create_bucket(Bucket="nowhere-yet", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for constraint in ("us-east-1", "mars-north-1"):
        with refused("InvalidLocationConstraint", 400):
            home.create_bucket(Bucket="nowhere-yet", CreateBucketConfiguration={"LocationConstraint": constraint})
    assert [bucket["Name"] for bucket in home.list_buckets(BucketRegion="us-west-2")["Buckets"]] == ["lives-in-west"]
    with refused("404", 404):
        home.head_bucket(Bucket="nowhere-yet")
    for name in ("lives-at-home", "lives-in-west"):
        home.delete_bucket(Bucket=name)
    with refused("NoSuchBucket", 404):
        home.delete_bucket(Bucket="lives-at-home")


def test_buckets_are_listed_page_by_page(s3):
    names = [f"page-{number:02d}" for number in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix="page-", PaginationConfig={"PageSize": 2}))
    assert [[bucket["Name"] for bucket in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    for name in names:
        s3.delete_bucket(Bucket=name)


DOCUMENTS = {
    "bucket_tagging": ({"Tagging": {"TagSet": [{"Key": "team", "Value": "délais <&>"[:6]}]}}, "NoSuchTagSet"),
    "bucket_cors": (
        {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5}]}},
        "NoSuchCORSConfiguration",
    ),
    "bucket_encryption": (
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}, "BucketKeyEnabled": True}
                ]
            }
        },
        None,
    ),
    "public_access_block": (
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": False,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": False,
                "RestrictPublicBuckets": True,
            }
        },
        "NoSuchPublicAccessBlockConfiguration",
    ),
    "bucket_ownership_controls": (
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        "OwnershipControlsNotFoundError",
    ),
    "bucket_policy": ({"Policy": '{"Version": "2012-10-17", "Statement": []}'}, "NoSuchBucketPolicy"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_kept_and_can_be_removed(s3, bucket, name):
    document, missing = DOCUMENTS[name]
    get, put, delete = (getattr(s3, f"{verb}_{name}") for verb in ("get", "put", "delete"))
    before = {"Bucket": bucket}
    try:
        before = get(Bucket=bucket)
    except ClientError as error:
        assert error.response["Error"]["Code"] == missing
    put(Bucket=bucket, **document)
    found = get(Bucket=bucket)
    found.pop("ResponseMetadata")
    (payload,) = document.values()
    assert found in (document, payload)
    delete(Bucket=bucket)
    if missing is None:
        assert get(Bucket=bucket)["ServerSideEncryptionConfiguration"] == before["ServerSideEncryptionConfiguration"]
        return
    with pytest.raises(ClientError) as error:
        get(Bucket=bucket)
    assert (error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (missing, 404)


def test_lifecycle_rules(s3, bucket, refused):
    rules = [
        {
            "ID": "old",
            "Filter": {"Prefix": "logs/"},
            "Status": "Enabled",
            "Expiration": {"Days": 30},
            "Transitions": [{"Days": 7, "StorageClass": "GLACIER"}],
        },
        {
            "ID": "both",
            "Filter": {"And": {"Prefix": "x", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Status": "Disabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert (found["Rules"], found["TransitionDefaultMinimumObjectSize"]) == (rules, "all_storage_classes_128K")
    with refused("InvalidArgument", 400):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rules[0], rules[0]]})
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_documents_that_do_not_fit(s3, bucket, refused):
    with refused("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy="not json")
    with refused("MalformedXML", 400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Sometimes"})
    with refused("InvalidTag", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "aws:no", "Value": ""}]})


def test_notifications_go_to_eventbridge_only(s3, bucket, refused):
    def stored() -> dict:
        found = s3.get_bucket_notification_configuration(Bucket=bucket)
        found.pop("ResponseMetadata")
        return found

    assert stored() == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert stored() == {"EventBridgeConfiguration": {}}
    queue = [{"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}]
    with refused("NotSupportedByLocalAws", 400) as caught:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queue})
    assert "QueueConfigurations" in str(caught.value)
    assert stored() == {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert stored() == {}


def test_access_control_lists(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    for grants in (s3.get_bucket_acl(Bucket=bucket)["Grants"], s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]):
        assert [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants] == [("CanonicalUser", "FULL_CONTROL")]
    with refused("AccessControlListNotSupported", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    with refused("NotSupportedByLocalAws", 400):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.create_bucket(Bucket="public-bucket", ACL="public-read")


def test_a_bucket_with_tags_and_ownership(s3):
    s3.create_bucket(
        Bucket="made-with-tags", ObjectOwnership="BucketOwnerPreferred", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]}
    )
    assert s3.get_bucket_tagging(Bucket="made-with-tags")["TagSet"] == [{"Key": "a", "Value": "b"}]
    controls = s3.get_bucket_ownership_controls(Bucket="made-with-tags")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.delete_bucket(Bucket="made-with-tags")
