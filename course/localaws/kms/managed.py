"""AWS managed keys, e.g. ``alias/aws/s3``: one for each service in a region and account, created at its first use.

No caller can change or delete them. Their key policies let all principals of the account use them through the service, and let the account
read their metadata.
Source: "AWS managed keys" and "Rotating AWS KMS keys" of the KMS developer guide; the policies that GetKeyPolicy shows for such keys.
"""

from __future__ import annotations

import json

from course.localaws.core.call import root
from course.localaws.kms import specs
from course.localaws.kms.asymmetric import new_secret
from course.localaws.kms.store import AWS, DAY, Alias, Key, KeyStore, Material, new_id

PREFIX = "alias/aws/"
# Services whose managed key exists here, and what their keys' descriptions say.
DESCRIPTIONS = {
    "s3": "Default key that protects my S3 objects when no other key is defined",
    "secretsmanager": "Default key that protects my Secrets Manager data when no other key is defined",
    "ssm": "Default key that protects my SSM parameters when no other key is defined",
    "sns": "Default key that protects my SNS data when no other key is defined",
    "sqs": "Default key that protects my SQS messages when no other key is defined",
    "dynamodb": "Default key that protects my DynamoDB data when no other key is defined",
    "kinesis": "Default key that protects my Kinesis data when no other key is defined",
    "ebs": "Default key that protects my EBS volumes when no other key is defined",
    "glue": "Default key that protects my Glue data when no other key is defined",
    "lambda": "Default key that protects my Lambda functions when no other key is defined",
    "sagemaker": "Default key that protects my SageMaker data when no other key is defined",
}
ROTATION_DAYS = 365


def managed_key(store: KeyStore, region: str, alias: str) -> Key | None:
    """The key of an alias such as ``alias/aws/s3``, made now if this is its first use; ``None`` for a service that has none."""
    service = alias.removeprefix(PREFIX)
    if not alias.startswith(PREFIX) or service not in DESCRIPTIONS:
        return None
    with store.changing():
        present = store.alias(region, alias)
        if present:
            return store.key(region, present.key)
        now = store.now()
        key = Key(
            account=store.account,
            region=region,
            id=new_id(),
            created=now,
            spec=specs.SYMMETRIC,
            usage=specs.ENCRYPT,
            policy=_policy(service, region, store.account),
            materials=(Material(new_secret(specs.SYMMETRIC), now),),
            description=DESCRIPTIONS[service],
            manager=AWS,
            rotation_days=ROTATION_DAYS,
            next_rotation=now + ROTATION_DAYS * DAY,
        )
        store.put(key)
        store.put_alias(region, Alias(alias, key.id, now, now))
        return key


def _policy(service: str, region: str, account: str) -> str:
    uses = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    through = {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.amazonaws.com"}}
    reads = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    statements = [
        {
            "Sid": f"Allow access through {service} for all principals in the account that are authorized to use it",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": uses,
            "Resource": "*",
            "Condition": through,
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": root(account)},
            "Action": reads,
            "Resource": "*",
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Id": f"auto-{service}-2", "Statement": statements})
