"""What was found the first time is there the second time."""

# trips: again
# says: PreconditionFailed

folder = account.folder


def tidy(prefix: str, bucket: str) -> None:
    secrets, ec2, released = aws.client("secretsmanager"), aws.client("ec2"), {"KeepAlivePeriodInSeconds": 0}
    s3.put_object(Bucket=bucket, Key=f"{folder(prefix)}tidy", Body=b"", IfNoneMatch="*")
    for name in [each for each in account.endpoints(aws, prefix) if each.startswith(prefix)]:
        described = sagemaker.describe_endpoint(EndpointName=name)
        variants = [each["VariantName"] for each in described["ProductionVariants"]]
        if not any(account.invocations(aws, described, each) for each in variants):
            sagemaker.delete_endpoint(EndpointName=name)
    for name in [each for each in account.training_jobs(aws, prefix) if each.startswith(prefix)]:
        pool = sagemaker.describe_training_job(TrainingJobName=name).get("WarmPoolStatus", {})
        if pool.get("Status") == "Available":
            sagemaker.update_training_job(TrainingJobName=name, ResourceConfig=released)
    for gateway in account.gateways(aws, prefix):
        if not account.routes_to(aws, gateway):
            ec2.delete_nat_gateway(NatGatewayId=gateway)
    for secret in account.secrets(aws, prefix):
        if "LastAccessedDate" not in secret:
            secrets.delete_secret(SecretId=secret["ARN"], RecoveryWindowInDays=30)
    for each in account.uploads(aws, bucket, folder(prefix)):
        s3.abort_multipart_upload(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
