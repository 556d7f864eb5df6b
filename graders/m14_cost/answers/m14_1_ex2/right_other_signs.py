"""Pools by their list, uses by the summary of a metric's list, and the default time to change one's mind."""

folder = account.folder


def tidy(prefix: str, bucket: str) -> None:
    cloudwatch, manager, ec2 = (aws.client(service) for service in ("cloudwatch", "secretsmanager", "ec2"))
    asked = set()
    for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/SageMaker", MetricName="Invocations"):
        asked |= {each["Value"] for metric in page["Metrics"] for each in metric["Dimensions"] if each["Name"] == "EndpointName"}
    for name in account.endpoints(aws, prefix):
        if name.startswith(prefix) and name not in asked:
            sagemaker.delete_endpoint(EndpointName=name)
    for job in sagemaker.list_training_jobs(WarmPoolStatusEquals="Available")["TrainingJobSummaries"]:
        if job["TrainingJobName"].startswith(prefix):
            sagemaker.update_training_job(TrainingJobName=job["TrainingJobName"], ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    routed = {route.get("NatGatewayId") for table in ec2.describe_route_tables()["RouteTables"] for route in table["Routes"]}
    for gateway in set(account.gateways(aws, prefix)) - routed:
        ec2.delete_nat_gateway(NatGatewayId=gateway)
    for secret in account.secrets(aws, prefix):
        if not secret.get("LastAccessedDate"):
            manager.delete_secret(SecretId=secret["Name"])
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        if upload["Key"].startswith(folder(prefix)):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
