"""Denies everything to others, with the administrator excepted; the endpoint denies other buckets."""


def design(site: dict) -> dict:
    bucket = f"arn:aws:s3:::{site['bucket']}"
    reader = {"ArnNotEquals": {"aws:PrincipalArn": site["job_role"]}}
    s3_only = {"StringEquals": {"kms:ViaService": f"s3.{site['region']}.amazonaws.com"}}
    others = {"ArnNotEquals": {"aws:PrincipalArn": [site["job_role"], f"arn:aws:iam::{site['account']}:root"]}}
    anything = {"ArnEquals": {"aws:PrincipalArn": site["job_role"]}, "StringNotEqualsIfExists": {"aws:SourceVpce": site["endpoint"]}}
    denied = [
        policies.deny("s3:*", [bucket, f"{bucket}/*"], {"Bool": {"aws:SecureTransport": "false"}}),
        policies.deny("s3:GetObject*", f"{bucket}/*", reader),
        policies.deny("s3:*Object", f"{bucket}/*", others),
        policies.deny(["s3:GetObject", "s3:PutObject"], f"{bucket}/*", anything),
    ]
    use = policies.allow(site["job_role"], ["kms:Decrypt", "kms:GenerateDataKey"], "*", s3_only)
    manage = policies.allow(site["admin_role"], ["kms:Describe*", "kms:Put*", "kms:ScheduleKeyDeletion", "kms:Get*"], "*")
    through = policies.allow(site["job_role"], "s3:*", [bucket, f"{bucket}/{site['data']}/*", f"{bucket}/{site['models']}/*"])
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
