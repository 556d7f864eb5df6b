"""Names an action for the deletion that KMS does not have."""

# trips: key
# says: cannot delete the key


def design(site: dict) -> dict:
    bucket = f"arn:aws:s3:::{site['bucket']}"
    reader = {"ArnNotEquals": {"aws:PrincipalArn": site["job_role"]}}
    way = {"StringNotEquals": {"aws:SourceVpce": site["endpoint"]}}
    s3_only = {"StringEquals": {"kms:ViaService": f"s3.{site['region']}.amazonaws.com"}}
    denied = [
        policies.deny("s3:*", [bucket, f"{bucket}/*"], {"Bool": {"aws:SecureTransport": "false"}}),
        policies.deny("s3:GetObject", f"{bucket}/*", reader),
        policies.deny("s3:GetObject", f"{bucket}/*", way),
    ]
    use = policies.allow(site["job_role"], ["kms:Decrypt", "kms:GenerateDataKey"], "*", s3_only)
    manage = policies.allow(site["admin_role"], ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:DeleteKey"], "*")
    through = policies.allow("*", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], [bucket, f"{bucket}/*"])
    return {
        "public_access_block": dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True),
        "bucket_policy": policies.policy(*denied),
        "key_policy": policies.policy(use, manage),
        "endpoint_policy": policies.policy(through),
        "job": {
            "VpcConfig": {"Subnets": [site["subnet"]], "SecurityGroupIds": [site["group"]]},
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            "OutputDataConfig": {"KmsKeyId": site["key"]},
        },
    }
