"""Operations on buckets: create, list, head, delete, location, versioning, access control lists."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.protocol.model import service_model
from course.localaws.protocol.rest_xml import answer_headers
from course.localaws.s3 import table
from course.localaws.s3.buckets import ARN
from course.localaws.s3.operations.configurations import TAGGING, configure
from course.localaws.s3.owner import owner
from course.localaws.s3.tags import checked_tags

HOME = "us-east-1"
ACL_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def create_bucket(context: Context, params: dict) -> dict:
    configuration = params.get("CreateBucketConfiguration", {})
    if params.get("BucketNamespace", "global") != "global" or {"Location", "Bucket"} & configuration.keys():
        raise not_supported("s3", "CreateBucket of a directory bucket or in an account's namespace")
    ownership = params.get("ObjectOwnership", "BucketOwnerEnforced")
    if ownership not in service_model("s3").shape_for("ObjectOwnership").enum:
        raise AwsError("InvalidArgument", f"Invalid x-amz-object-ownership header: {ownership}")
    if params.get("ACL", "private") != "private" or any(params.get(grant) for grant in ACL_GRANTS):
        if ownership == "BucketOwnerEnforced":
            message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            raise AwsError("InvalidBucketAclWithObjectOwnership", message)
        raise not_supported("s3", 'CreateBucket with an ACL other than "private"')
    tags = checked_tags(configuration.get("Tags", []), most=50)
    region = _region(context.region, configuration.get("LocationConstraint"))
    buckets = context.platform.objects.buckets
    buckets.create(params["Bucket"], region)
    if "ObjectOwnership" in params:
        buckets.configure(params["Bucket"], "ownershipControls", {"Rules": [{"ObjectOwnership": ownership}]})
    if tags:
        configure(context, params["Bucket"], TAGGING, {"TagSet": configuration["Tags"]})
    return {"Location": f"/{params['Bucket']}", "BucketArn": f"arn:aws:s3:::{params['Bucket']}"}


def _region(endpoint: str, constraint: str | None) -> str:
    """The region of a new bucket. Only us-east-1's endpoint makes buckets in other regions, and only it needs no constraint."""
    if constraint is not None and constraint not in service_model("s3").shape_for("BucketLocationConstraint").enum:
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", LocationConstraint=constraint)
    region = "eu-west-1" if constraint == "EU" else constraint or HOME
    if endpoint not in (HOME, region):
        named = constraint or "unspecified"
        message = f"The {named} location constraint is incompatible for the region specific endpoint this request was sent to."
        raise AwsError("IllegalLocationConstraintException", message)
    return region


def list_buckets(context: Context, params: dict) -> dict:
    limit = params.get("MaxBuckets", 10_000)
    if not 1 <= limit <= 10_000:
        raise AwsError("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000")
    prefix = params.get("Prefix", "")
    chosen = [
        bucket
        for bucket in context.platform.objects.buckets.list()
        if bucket.name.startswith(prefix)
        and bucket.name > params.get("ContinuationToken", "")
        and params.get("BucketRegion", bucket.region) == bucket.region
    ]
    page = chosen[:limit]
    found = [
        {"Name": one.name, "CreationDate": one.created, "BucketRegion": one.region, "BucketArn": f"arn:aws:s3:::{one.name}"} for one in page
    ]
    result = {"Buckets": found, "Owner": owner(context)}
    if "Prefix" in params:
        result["Prefix"] = prefix
    if len(chosen) > limit:
        result["ContinuationToken"] = page[-1].name
    return result


def head_bucket(context: Context, params: dict) -> Response:
    bucket = context.platform.objects.buckets.get(params["Bucket"])
    members = {"BucketRegion": bucket.region, "BucketArn": f"arn:aws:s3:::{bucket.name}", "AccessPointAlias": False}
    return Response(b"", headers=answer_headers("HeadBucket", members), media_type="application/xml")


def delete_bucket(context: Context, params: dict) -> None:
    context.platform.objects.buckets.delete(params["Bucket"])
    context.platform.usage.tagged(f"{ARN}{params['Bucket']}", {})  # a later bucket of this name has its own


def get_bucket_location(context: Context, params: dict) -> Response:
    region = context.platform.objects.buckets.get(params["Bucket"]).region
    # The only response whose value is the text of the root element.
    text = "" if region == HOME else region
    namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint {namespace}>{text}</LocationConstraint>'
    return Response(body, media_type="application/xml")


def get_bucket_versioning(context: Context, params: dict) -> dict:
    status = context.platform.objects.buckets.get(params["Bucket"]).versioning
    return {"Status": status} if status else {}


def put_bucket_versioning(context: Context, params: dict) -> None:
    configuration = params.get("VersioningConfiguration", {})
    if configuration.get("MFADelete") == "Enabled":
        raise not_supported("s3", "PutBucketVersioning with MFA delete")
    if "Status" not in configuration:
        raise AwsError("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    context.platform.objects.buckets.set_versioning(params["Bucket"], configuration["Status"])


def get_acl(context: Context, params: dict) -> dict:
    """Grants full control to the owner only: no other ACL can be set here."""
    if "Key" in params:
        context.platform.objects.head(params["Bucket"], params["Key"], params.get("VersionId"))
    context.platform.objects.buckets.get(params["Bucket"])
    grant = {"Grantee": {"Type": "CanonicalUser", **owner(context)}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner(context), "Grants": [grant]}


def put_acl(context: Context, params: dict) -> None:
    get_acl(context, params)
    refuse_acl(context, params)


def refuse_acl(context: Context, params: dict) -> None:
    """Raises ``AccessControlListNotSupported`` if the bucket disables ACLs. Refuses all ACLs but the owner's full control."""
    grants = "AccessControlPolicy" in params or any(params.get(grant) for grant in ACL_GRANTS)
    acl = params.get("ACL")
    if not grants and acl in (None, "bucket-owner-full-control"):
        return
    default = table.configurations()["ownershipControls"]["default"]
    controls = context.platform.objects.buckets.configuration(params["Bucket"], "ownershipControls") or default
    if controls["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if grants or acl != "private":
        raise not_supported("s3", f'{context.call.operation} with an ACL other than "private"')


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
