"""Builds the set-up of a nightly call of m13_1, and sends the call."""

import json
from typing import Any

from botocore.exceptions import ClientError
from given import access

from course.exercises.broken_access import filled


def built(aws: Any, name: str, template: dict) -> dict:
    """Make the roles, the bucket and the key of a set-up, with its policies. Returns what they are called."""
    identity = json.dumps(template["identity"])
    roles = {each: access.role(aws, f"{each}-{name}", identity) for each in ("role", "colleague")}
    words = {each: access.arn(aws, named) for each, named in roles.items()}
    words |= {"account": aws.account, "region": aws.region, "key": access.key(aws)}
    words["bucket"] = access.bucket(aws, name)
    setup = filled(template, words)
    iam, limit = aws.client("iam"), json.dumps(setup["boundary"])
    made = iam.create_policy(PolicyName=aws.unique(name), PolicyDocument=limit)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=roles["role"], PermissionsBoundary=made)
    key = {"KeyId": words["key"], "PolicyName": "default", "Policy": json.dumps(setup["key"])}
    aws.client("kms").put_key_policy(**key)
    bucket = {"Bucket": words["bucket"], "Policy": json.dumps(setup["bucket"])}
    aws.client("s3").put_bucket_policy(**bucket)
    return words | {"object": setup["object"], "roles": list(roles.values()), "limit": made}


def sent(aws: Any, made: dict) -> str:
    """Write and read the object as the role. Returns ``"allowed"``, or what failed, in AWS's words."""
    s3 = access.session(aws, made["role"], RoleSessionName="nightly").client("s3")
    place = {"Bucket": made["bucket"], "Key": made["object"]}
    under = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": made["key"]}
    try:
        s3.put_object(**place, Body=b"late\n", **under)
        s3.get_object(**place)
    except ClientError as error:
        return f"{error.operation_name}: {error.response['Error']['Message']}"
    return "allowed"
