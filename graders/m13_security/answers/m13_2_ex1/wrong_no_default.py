"""The policy is enough."""

# trips: stored
# says: is stored under AES256


def lock(bucket: str, key: str) -> None:
    arn, header = f"arn:aws:s3:::{bucket}", "s3:x-amz-server-side-encryption"
    denied = [policies.deny("s3:*", [arn, f"{arn}/*"], {"Bool": {"aws:SecureTransport": "false"}})]
    for name, value in {header: "aws:kms", f"{header}-aws-kms-key-id": key}.items():
        other = {"Null": {name: "false"}, "StringNotEquals": {name: value}}
        denied.append(policies.deny("s3:PutObject", f"{arn}/*", other))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies.policy(*denied)))
