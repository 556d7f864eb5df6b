"""Tests short waits and checks: waiters give up no sooner than against AWS, wrong configurations are refused, models are read once.
Waits are shown as lines."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
from nbclient import NotebookClient

SCRIPT = """
import boto3
from botocore.stub import Stubber
from course.sdk import shorten_waits

shorten_waits()
shorten_waits()  # a second time changes nothing
client = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
with Stubber(client) as stubber:
    for status in [*["Creating"] * 5, "InService"]:
        times = {"CreationTime": 0, "LastModifiedTime": 0}
        stubber.add_response("describe_endpoint", {"EndpointName": "e", "EndpointArn": "a" * 30, "EndpointStatus": status, **times})
    client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    stubber.assert_no_pending_responses()
"""


def test_a_waiter_waits_its_whole_time_in_shorter_steps():
    """Two polls, a second apart, become eight: the sixth finds the endpoint in service."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


CONFIGURATION = """
from course.sdk import shorten_waits

shorten_waits()
import jsonschema
from sagemaker.core.config.config_manager import SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA as schema
from sagemaker.core.config.config_manager import SageMakerConfig

checks = []
kind = jsonschema.validators.validator_for(schema)
check, kind.check_schema = kind.check_schema, lambda schema: checks.append(schema)
for _ in range(3):
    SageMakerConfig.validate_sagemaker_config({"SchemaVersion": "1.0"})
assert checks == [schema], len(checks)
kind.check_schema = check

wrong, said = {"SchemaVersion": "1.0", "SageMaker": {"TrainingJob": {"RoleArn": 3}}}, []
for validate in (SageMakerConfig.validate_sagemaker_config, lambda value: jsonschema.validate(value, schema)):
    try:
        validate(wrong)
    except jsonschema.ValidationError as error:
        said.append(str(error))
assert len(said) == 2 and said[0] == said[1], said
"""


def test_the_sdks_schema_is_checked_once_and_a_wrong_configuration_is_refused():
    done = subprocess.run([sys.executable, "-c", CONFIGURATION], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


MODELS = """
import os, sys
import boto3
from course.sdk import shorten_waits

shorten_waits()
shorten_waits()
read = []

def hook(event, arguments):
    if event == "open" and "service-2.json" in str(arguments[0]):
        read.append(str(arguments[0]))

sys.addaudithook(hook)

def client():
    return boto3.Session("a", "b", region_name="us-east-1").client("sagemaker")

assert client().meta.service_model.operation_names and len(read) == 1, read
assert client().meta.service_model.operation_names and len(read) == 1, read
os.environ["AWS_DATA_PATH"] = sys.argv[1]  # a session with models of its own reads them
assert client().meta.service_model.operation_names == ["OnlyHere"], read
"""
MODEL = {"version": "2.0", "metadata": {"protocol": "json", "jsonVersion": "1.1", "endpointPrefix": "own", "serviceId": "Own"}}


def test_sessions_share_the_models_that_they_read(tmp_path):
    folder = tmp_path / "sagemaker" / "2099-01-01"
    folder.mkdir(parents=True)
    operation = {"name": "OnlyHere", "http": {"method": "POST", "requestUri": "/"}}
    (folder / "service-2.json").write_text(json.dumps(MODEL | {"operations": {"OnlyHere": operation}, "shapes": {}}))
    done = subprocess.run([sys.executable, "-c", MODELS, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


WAITS = """
from course.sdk import quiet, shorten_waits

quiet()
shorten_waits()
from sagemaker.core.resources import Endpoint
from sagemaker.serve.deployment_progress import EndpointDeploymentProgress

statuses = iter(["Creating"] * 5 + ["InService"])
Endpoint.refresh = lambda endpoint: setattr(endpoint, "endpoint_status", next(statuses)) or endpoint
Endpoint(endpoint_name="prices").wait_for_status("InService")
with EndpointDeploymentProgress("prices") as progress:
    progress.log("[a line of the container]")
    progress.update_status("InService")
"""
LINES = """Current status: Creating
Current status: InService
Final Resource Status: InService
[a line of the container]
Current status: InService
"""


def test_a_wait_in_a_notebook_is_lines_of_text_and_no_widget(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # without it the import of sagemaker.serve fails
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WAITS)])
    [cell] = NotebookClient(notebook, timeout=120).execute().cells
    assert {output.output_type for output in cell.outputs} == {"stream"}, cell.outputs
    assert "".join(output.text for output in cell.outputs if output.name == "stdout") == LINES
