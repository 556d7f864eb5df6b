"""SageMaker SDK v3 with the registry and Inference Recommender, in its own process: register, approve, deploy, right-size, delete."""

from __future__ import annotations

import json

import pytest

from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, answers_of, archive, booster_file
from tests.localaws.sagemaker.registry.registry_fixtures import RegistryFixtures

PROGRAM = """
import json, logging, sys, time
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.resources import Endpoint, EndpointConfig, InferenceRecommendationsJob, Model, ModelPackage, ModelPackageGroup
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.serve import ModelBuilder

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 30 s

data_url, image, payload, stem = sys.argv[1:]
session, role = Session(), get_execution_role()
answers = {}

group = ModelPackageGroup.create(model_package_group_name=stem, model_package_group_description="arrival delays")
builder = ModelBuilder(s3_model_data_url=data_url, image_uri=image, role_arn=role, sagemaker_session=session, log_level=logging.WARNING)
builder.build(model_name=stem)
arn = builder.register(
    model_package_group_name=stem,
    content_types=["text/csv"],
    response_types=["text/csv"],
    inference_instances=["ml.m5.large"],
    transform_instances=["ml.m5.large"],
    model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type="application/json", s3_uri=data_url)),
    approval_status="PendingManualApproval",
    customer_metadata_properties={"auc": "0.8"},
    sample_payload_url=payload,
)
package = ModelPackage.get(model_package_name=arn)
answers["registered"] = [package.model_package_version, package.model_approval_status, package.customer_metadata_properties]
session.sagemaker_client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
answers["listed"] = [each.model_package_arn for each in ModelPackage.get_all(model_package_group_name=stem)]
answers["groups"] = [each.model_package_group_name for each in ModelPackageGroup.get_all(name_contains=stem)]

primary = ContainerDefinition(model_package_name=arn)
model = Model.create(model_name=stem + "-approved", primary_container=primary, execution_role_arn=role)
variant = ProductionVariant(variant_name="A", model_name=model.model_name, initial_instance_count=1, instance_type="ml.m5.large")
EndpointConfig.create(endpoint_config_name=stem, production_variants=[variant])
endpoint = Endpoint.create(endpoint_name=stem, endpoint_config_name=stem)
endpoint.wait_for_status("InService", poll=1)
answers["served"] = endpoint.invoke(body=b"1,2,3", content_type="text/csv").body.read().decode()
endpoint.delete()

builder.right_size(
    sample_payload_url=payload, supported_content_types=["text/csv"], supported_instance_types=["ml.m5.large"], log_level="Quiet"
)
[best] = builder.inference_recommendations
answers["type"] = best["EndpointConfiguration"]["InstanceType"]
[job] = InferenceRecommendationsJob.get_all(status_equals="COMPLETED", model_name_equals=stem)
job.refresh()
answers["invocations"] = job.inference_recommendations[0].metrics.max_invocations

session.sagemaker_client.delete_model_package(ModelPackageName=arn)
group.delete()
answers["left"] = [each.model_package_group_name for each in ModelPackageGroup.get_all(name_contains=stem)]
print("ANSWERS", json.dumps(answers))
"""


@pytest.mark.nightly  # test_model_registry.py and test_recommender.py cover it by day without the SDK
def test_register_approve_deploy_and_right_size(client, local_aws, tmp_path):
    registry = RegistryFixtures(client)
    payload = registry.put("payload.tar.gz", archive({"row.csv": b"1,2,3"}))
    data = registry.put("served.tar.gz", archive(booster_file(3.0)))
    stem = registry.name("sdk")
    answers = json.loads(answers_of(local_aws, tmp_path, PROGRAM, data, XGBOOST, payload, stem))
    assert answers["registered"] == [1, "PendingManualApproval", {"auc": "0.8"}]
    assert answers["listed"] == [f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{stem}/1"] and answers["groups"] == [stem]
    assert abs(float(answers["served"]) - 3.0) < 0.5
    assert answers["type"] == "ml.m5.large" and answers["invocations"] > 0
    assert answers["left"] == []
