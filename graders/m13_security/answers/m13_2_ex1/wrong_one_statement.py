"""Both headers in one statement."""

# trips: refused
# says: takes an upload


def lock(bucket: str, key: str) -> None:
    arn, header = f"arn:aws:s3:::{bucket}", "s3:x-amz-server-side-encryption"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    denied = [policies.deny("s3:*", [arn, f"{arn}/*"], {"Bool": {"aws:SecureTransport": "false"}})]
    wanted = {header: "aws:kms", f"{header}-aws-kms-key-id": key}
    other = {"Null": dict.fromkeys(wanted, "false"), "StringNotEquals": wanted}
    denied.append(policies.deny("s3:PutObject", f"{arn}/*", other))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies.policy(*denied)))
