"""SageMaker SDK v3 in its own process, with only the environment of `Handle.environment`: build, deploy, invoke, delete."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost

from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, XGBOOST, EndpointFixtures, answers_of, booster, booster_file

PROGRAM = """
import json, logging, sys, time
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.serve import InferenceSpec, ModelBuilder, ModelServer
from sagemaker.serve.builder.schema_builder import SchemaBuilder

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 30 s

data_url, xgboost_image, sklearn_image, stem = sys.argv[1:]
session, role = Session(), get_execution_role()
answers = {}

common = {"role_arn": role, "sagemaker_session": session, "log_level": logging.WARNING}
builder = ModelBuilder(s3_model_data_url=data_url, image_uri=xgboost_image, **common)
builder.build(model_name=stem + "-built")
endpoint = builder.deploy(endpoint_name=stem + "-built", instance_type="ml.m5.large", initial_instance_count=1, wait=True)
answers["builder"] = endpoint.invoke(body="1,2,3", content_type="text/csv").body.read().decode()
answers["status"] = Endpoint.get(stem + "-built").endpoint_status
try:  # m08_1 says that it fails, and with which version
    builder.deploy(endpoint_name=stem + "-built", instance_type="ml.m5.large", initial_instance_count=1, update_endpoint=True)
except TypeError as error:
    answers["flag"] = str(error)
two = {"variant_name": "AllTraffic", "model_name": stem + "-built", "initial_instance_count": 2, "instance_type": "ml.m5.large"}
EndpointConfig.create(endpoint_config_name=stem + "-two", production_variants=[ProductionVariant(**two)])
endpoint.endpoint_config_name = stem + "-two"
endpoint.update()
answers["while updating"] = endpoint.endpoint_config_name
endpoint.wait_for_status("InService", poll=1)
answers["updated"] = endpoint.endpoint_config_name
endpoint.delete()

container = ContainerDefinition(image=xgboost_image, model_data_url=data_url)
model = Model.create(model_name=stem + "-core", primary_container=container, execution_role_arn=role)
variant = ProductionVariant(variant_name="A", model_name=model.model_name, initial_instance_count=1, instance_type="ml.m5.large")
config = EndpointConfig.create(endpoint_config_name=stem + "-core", production_variants=[variant])
endpoint = Endpoint.create(endpoint_name=stem + "-core", endpoint_config_name=stem + "-core")
endpoint.wait_for_status("InService", poll=1)
answers["resources"] = endpoint.invoke(body=b"1,2,3", content_type="text/csv", accept="application/json").body.read().decode()
answers["listed"] = [item.endpoint_name for item in Endpoint.get_all(name_contains=stem)]
endpoint.delete()


class Doubler(InferenceSpec):
    def load(self, model_dir):
        return 2

    def invoke(self, data, model):
        return [[value * model for value in row] for row in data]


# "auto" looks for dependencies in a process without environment, which fails where ~/.aws/config names no region.
spec = {"inference_spec": Doubler(), "schema_builder": SchemaBuilder([[1.0]], [[2.0]]), "dependencies": {"auto": False}}
builder = ModelBuilder(image_uri=sklearn_image, model_server=ModelServer.TORCHSERVE, **spec, **common)
builder.build(model_name=stem + "-spec")
endpoint = builder.deploy(endpoint_name=stem + "-spec", instance_type="ml.m5.large", initial_instance_count=1, wait=True)
answers["spec"] = endpoint.invoke(body=json.dumps([[4.0, 5.0]]), content_type="application/json").body.read().decode()
endpoint.delete()
print("ANSWERS", json.dumps(answers))
"""


@pytest.mark.nightly  # lesson m08_1 builds its models with ModelBuilder by day
def test_model_builder_core_resources_and_inference_spec(client, local_aws, tmp_path):
    aws = EndpointFixtures(client)
    stem = aws.name("sdk")
    url = f"s3://{aws.bucket}/{aws.model(booster_file())}.tar.gz"
    answers = json.loads(answers_of(local_aws, tmp_path, PROGRAM, url, XGBOOST, SKLEARN, stem))
    [wanted] = booster().predict(xgboost.DMatrix(np.array([[1.0, 2.0, 3.0]]))).tolist()
    assert float(answers["builder"]) == pytest.approx(wanted)
    assert "unexpected keyword argument 'model_name'" in answers["flag"]
    assert (answers["while updating"], answers["updated"]) == (f"{stem}-built", f"{stem}-two")
    assert json.loads(answers["resources"]) == {"predictions": [{"score": pytest.approx(wanted)}]}
    assert (answers["status"], answers["listed"]) == ("InService", [f"{stem}-core"])
    assert json.loads(answers["spec"]) == [[8.0, 10.0]]
