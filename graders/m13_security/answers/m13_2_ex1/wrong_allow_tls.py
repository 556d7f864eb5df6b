"""Allows requests over TLS, and hopes that this denies the others."""

# trips: transport
# says: Without TLS the bucket lets


def lock(bucket: str, key: str) -> None:
    arn, header = f"arn:aws:s3:::{bucket}", "s3:x-amz-server-side-encryption"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    over_tls = {"Bool": {"aws:SecureTransport": "true"}}
    denied = [policies.allow(f"arn:aws:iam::{aws.account}:root", "s3:*", [arn, f"{arn}/*"], over_tls)]
    for name, value in {header: "aws:kms", f"{header}-aws-kms-key-id": key}.items():
        other = {"Null": {name: "false"}, "StringNotEquals": {name: value}}
        denied.append(policies.deny("s3:PutObject", f"{arn}/*", other))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies.policy(*denied)))
