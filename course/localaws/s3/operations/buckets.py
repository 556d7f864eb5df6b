"""Buckets: create, list, head, delete, location, versioning, access control lists."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.errors import AwsError, not_supported
from course.localaws.protocol.rest_xml import answer_headers
from course.localaws.protocol.s3_routes import service_model
from course.localaws.s3 import table
from course.localaws.s3.exchange import Operation, S3Request
from course.localaws.s3.tags import checked_tags

HOME = "us-east-1"
ACL_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def create_bucket(exchange: S3Request) -> dict:
    params = exchange.params
    configuration = params.get("CreateBucketConfiguration", {})
    if params.get("BucketNamespace", "global") != "global" or {"Location", "Bucket"} & configuration.keys():
        raise not_supported("s3", "CreateBucket of a directory bucket or in an account's namespace")
    ownership = params.get("ObjectOwnership", "BucketOwnerEnforced")
    if ownership not in service_model().shape_for("ObjectOwnership").enum:
        raise AwsError("InvalidArgument", f"Invalid x-amz-object-ownership header: {ownership}")
    if params.get("ACL", "private") != "private" or any(params.get(grant) for grant in ACL_GRANTS):
        if ownership == "BucketOwnerEnforced":
            message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            raise AwsError("InvalidBucketAclWithObjectOwnership", message)
        raise not_supported("s3", 'CreateBucket with an ACL other than "private"')
    tags = checked_tags(configuration.get("Tags", []), most=50)
    region = _region(exchange.call.region, configuration.get("LocationConstraint"))
    buckets = exchange.store.buckets
    buckets.create(exchange.bucket, region)
    if "ObjectOwnership" in params:
        buckets.configure(exchange.bucket, "ownershipControls", {"Rules": [{"ObjectOwnership": ownership}]})
    if tags:
        buckets.configure(exchange.bucket, "tagging", {"TagSet": configuration["Tags"]})
    return {"Location": f"/{exchange.bucket}", "BucketArn": f"arn:aws:s3:::{exchange.bucket}"}


def _region(endpoint: str, constraint: str | None) -> str:
    """Where the bucket is made. Only us-east-1's endpoint makes buckets elsewhere, and only it needs no constraint."""
    if constraint is not None and constraint not in service_model().shape_for("BucketLocationConstraint").enum:
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", LocationConstraint=constraint)
    region = "eu-west-1" if constraint == "EU" else constraint or HOME
    if endpoint not in (HOME, region):
        named = constraint or "unspecified"
        message = f"The {named} location constraint is incompatible for the region specific endpoint this request was sent to."
        raise AwsError("IllegalLocationConstraintException", message)
    return region


def list_buckets(exchange: S3Request) -> dict:
    params = exchange.params
    limit = params.get("MaxBuckets", 10_000)
    if not 1 <= limit <= 10_000:
        raise AwsError("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000")
    prefix = params.get("Prefix", "")
    chosen = [
        bucket
        for bucket in exchange.store.buckets.list()
        if bucket.name.startswith(prefix)
        and bucket.name > params.get("ContinuationToken", "")
        and params.get("BucketRegion", bucket.region) == bucket.region
    ]
    page = chosen[:limit]
    found = [
        {"Name": one.name, "CreationDate": one.created, "BucketRegion": one.region, "BucketArn": f"arn:aws:s3:::{one.name}"} for one in page
    ]
    result = {"Buckets": found, "Owner": exchange.owner}
    if "Prefix" in params:
        result["Prefix"] = prefix
    if len(chosen) > limit:
        result["ContinuationToken"] = page[-1].name
    return result


def head_bucket(exchange: S3Request) -> Response:
    bucket = exchange.store.buckets.get(exchange.bucket)
    members = {"BucketRegion": bucket.region, "BucketArn": f"arn:aws:s3:::{bucket.name}", "AccessPointAlias": False}
    return Response(b"", headers=answer_headers("HeadBucket", members), media_type="application/xml")


def delete_bucket(exchange: S3Request) -> None:
    exchange.store.buckets.delete(exchange.bucket)


def get_bucket_location(exchange: S3Request) -> Response:
    region = exchange.store.buckets.get(exchange.bucket).region
    # The only answer whose value is the root element's own text.
    text = "" if region == HOME else region
    namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint {namespace}>{text}</LocationConstraint>'
    return Response(body, media_type="application/xml")


def get_bucket_versioning(exchange: S3Request) -> dict:
    status = exchange.store.buckets.get(exchange.bucket).versioning
    return {"Status": status} if status else {}


def put_bucket_versioning(exchange: S3Request) -> None:
    configuration = exchange.params.get("VersioningConfiguration", {})
    if configuration.get("MFADelete") == "Enabled":
        raise not_supported("s3", "PutBucketVersioning with MFA delete")
    if "Status" not in configuration:
        raise AwsError("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    exchange.store.buckets.set_versioning(exchange.bucket, configuration["Status"])


def get_acl(exchange: S3Request) -> dict:
    """The owner has full control, and nobody else any: no other ACL can be set here."""
    if "Key" in exchange.params:
        exchange.store.head(exchange.bucket, exchange.key, exchange.params.get("VersionId"))
    exchange.store.buckets.get(exchange.bucket)
    grant = {"Grantee": {"Type": "CanonicalUser", **exchange.owner}, "Permission": "FULL_CONTROL"}
    return {"Owner": exchange.owner, "Grants": [grant]}


def put_acl(exchange: S3Request) -> None:
    get_acl(exchange)
    refuse_acl(exchange)


def refuse_acl(exchange: S3Request) -> None:
    """Raises ``AccessControlListNotSupported`` for an ACL in a bucket that has none; others than the owner's full control are refused."""
    params = exchange.params
    grants = "AccessControlPolicy" in params or any(params.get(grant) for grant in ACL_GRANTS)
    acl = params.get("ACL")
    if not grants and acl in (None, "bucket-owner-full-control"):
        return
    default = table.configurations()["ownershipControls"]["default"]
    controls = exchange.store.buckets.configuration(exchange.bucket, "ownershipControls") or default
    if controls["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if grants or acl != "private":
        raise not_supported("s3", f'{exchange.call.operation} with an ACL other than "private"')


OPERATIONS: dict[str, Operation] = {
    "CreateBucket": create_bucket,
    "DeleteBucket": delete_bucket,
    "GetBucketAcl": get_acl,
    "GetBucketLocation": get_bucket_location,
    "GetBucketVersioning": get_bucket_versioning,
    "GetObjectAcl": get_acl,
    "HeadBucket": head_bucket,
    "ListBuckets": list_buckets,
    "PutBucketAcl": put_acl,
    "PutBucketVersioning": put_bucket_versioning,
    "PutObjectAcl": put_acl,
}
