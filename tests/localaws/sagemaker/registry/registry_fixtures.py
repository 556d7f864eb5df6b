"""Helpers of the tests of the model registry: a small model, groups, versions and their approval."""

from __future__ import annotations

from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, EndpointFixtures, archive, booster_file

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
TYPES = {"SupportedTransformInstanceTypes": ["ml.m5.large"], "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"]}


class RegistryFixtures(EndpointFixtures):
    """Groups and packages of the same small model."""

    def __init__(self, client) -> None:
        super().__init__(client)
        self.client = client
        self.data = self.put("model.tar.gz", archive(booster_file()))

    def put(self, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def group(self, stem: str = "Delays", **members: object) -> str:
        name = self.name(stem)
        self.sagemaker.create_model_package_group(ModelPackageGroupName=name, **members)
        return name

    def specification(self, **members: object) -> dict:
        container = {"Image": XGBOOST, "ModelDataUrl": self.data} | members
        return {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}

    def version(self, group: str, **members: object) -> str:
        request = {"ModelPackageGroupName": group, "InferenceSpecification": self.specification()} | members
        return self.sagemaker.create_model_package(**request)["ModelPackageArn"]

    def described(self, name: str) -> dict:
        return self.sagemaker.describe_model_package(ModelPackageName=name)

    def approve(self, arn: str, status: str = "Approved", **members: object) -> None:
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, **members)
