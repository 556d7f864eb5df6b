"""Objects of the bucket, in both directions."""

# trips: refused
# says: read models


def job_policy(job: dict) -> dict:
    bucket, region = f"arn:aws:s3:::{job['bucket']}", job["region"]
    group = f"arn:aws:logs:{region}:{job['account']}:log-group:/aws/sagemaker/TrainingJobs:*"
    through = {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
    rows = [
        ("s3:ListBucket", bucket, {"Condition": {"StringLike": {"s3:prefix": f"{job['data']}/*"}}}),
        ("s3:GetObject", f"{bucket}/*", {}),
        ("s3:PutObject", f"{bucket}/*", {}),
        (["kms:Decrypt", "kms:GenerateDataKey"], job["key"], {"Condition": through}),
        (["logs:CreateLogStream", "logs:PutLogEvents"], group, {}),
    ]
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource, **more} for action, resource, more in rows]
    return {"Version": "2012-10-17", "Statement": statements}
