"""Denies what the headers must not be, and TLS in two statements."""


def lock(bucket: str, key: str) -> None:
    arn, header = f"arn:aws:s3:::{bucket}", "s3:x-amz-server-side-encryption"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": False}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    known = {f"{header}-aws-kms-key-id": [key]}
    denied = [
        policies.deny("*", arn, plain),
        policies.deny("*", f"{arn}/*", plain),
        policies.deny("s3:PutObject", f"{arn}/*", {"StringEquals": {header: ["AES256", "aws:kms:dsse"]}}),
        policies.deny("s3:PutObject", f"{arn}/*", {"Null": dict.fromkeys(known, "false"), "StringNotLike": known}),
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies.policy(*denied)))
