"""Endpoints of PyTorch and TensorFlow images: a script beside the model, its requirements, and missing packages."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.hosting import endpoint_fixtures
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SCRIPT, until
from tests.localaws.sagemaker.job_fixtures import JobFixtures, needs_tensorflow, needs_torch

PYTORCH = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
TENSORFLOW = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19.0-cpu"
TENSORFLOW_TRAINING = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19.0-cpu-py312"


@pytest.fixture(scope="module")
def hosting(aws: JobFixtures) -> Iterator[endpoint_fixtures.EndpointFixtures]:
    """The helpers of a local AWS for each mode of /opt/ml."""
    made = endpoint_fixtures.EndpointFixtures(aws.client)
    yield made
    made.close()


def deploy(hosting: endpoint_fixtures.EndpointFixtures, image: str, files: dict[str, bytes | str], environment: dict[str, str]) -> str:
    """An endpoint in service whose model has exactly this environment."""
    name = hosting.name("model")
    data = endpoint_fixtures.archive({path: content.encode() if isinstance(content, str) else content for path, content in files.items()})
    hosting.s3.put_object(Bucket=hosting.bucket, Key=f"{name}/model.tar.gz", Body=data)
    container = {"Image": image, "ModelDataUrl": f"s3://{hosting.bucket}/{name}/model.tar.gz", "Environment": environment}
    hosting.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    endpoint = hosting.create(hosting.config({"ModelName": name}))
    described = hosting.settled(endpoint)
    assert described["EndpointStatus"] == "InService", (described.get("FailureReason"), hosting.log(endpoint))
    return endpoint


PYTORCH_SCRIPT = """
import json, os
import localaws_tiny, torch
from neighbour import names

def model_fn(model_dir):
    model = torch.nn.Linear(2, 1)
    model.load_state_dict(torch.load(os.path.join(model_dir, "model.pth")))
    return model, open("/opt/ml/model/words.txt").read()

def input_fn(body, content_type):
    assert content_type == "application/json", content_type
    return torch.tensor([[row[name] for name in names] for row in json.loads(body)])

def predict_fn(rows, model):
    with torch.no_grad():
        return model[0](rows).flatten().tolist(), model[1]

def output_fn(prediction, accept):
    numbers, words = prediction
    return json.dumps([*numbers, words, accept, localaws_tiny.__name__])
"""


@pytest.mark.nightly  # images/test_serving_pytorch.py serves one by day
@needs_torch
def test_a_script_beside_a_pytorch_model(aws: JobFixtures, hosting: endpoint_fixtures.EndpointFixtures) -> None:
    """One mode uses SDK v2's environment for a script in the model's archive, the other one no environment."""
    import torch

    buffer = io.BytesIO()
    torch.save({"weight": torch.tensor([[2.0, 10.0]]), "bias": torch.tensor([0.5])}, buffer)
    files = {
        "model.pth": buffer.getvalue(),
        "words.txt": "of the model",
        "code/inference.py": PYTORCH_SCRIPT,
        "code/neighbour.py": 'names = ("a", "b")',
        "code/requirements.txt": "localaws-tiny",
    }
    name = deploy(hosting, PYTORCH, files, SCRIPT if aws.mode == "namespace" else {})
    rows = json.dumps([{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 0.0}])
    answer = hosting.runtime.invoke_endpoint(EndpointName=name, Body=rows, ContentType="application/json", Accept="text/words")
    assert json.loads(answer["Body"].read()) == [22.5, 6.5, "of the model", "text/words", "localaws_tiny"]
    with pytest.raises(ClientError) as error:
        hosting.invoke(name, "1,2", "text/csv")
    assert error.value.response["OriginalStatusCode"] == 500
    until(lambda: "AssertionError: text/csv" in hosting.log(name), "the reason is in the log")


TRAINING = """
import argparse, json, os
import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--model_dir")
parser.add_argument("--factor", type=float)
arguments, _ = parser.parse_known_args()

class Sum(tf.Module):
    def __init__(self):
        self.factor = tf.Variable(arguments.factor)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def __call__(self, x):
        return {"y": self.factor * tf.reduce_sum(x, axis=1)}

model = Sum()
tf.saved_model.save(model, "/opt/ml/model/1", signatures=model.__call__)
facts = [arguments.model_dir, os.environ["SM_HP_MODEL_DIR"], os.environ["SM_MODEL_DIR"], os.environ["SM_FRAMEWORK_MODULE"]]
json.dump(facts, open("/opt/ml/model/facts.json", "w"))
"""

HANDLERS = """
import json
import localaws_tiny

def input_handler(data, context):
    return json.dumps({"instances": [[float(part) for part in data.read().decode().split(";")]]})

def output_handler(response, context):
    words = open("/opt/ml/model/code/words.txt").read()
    return json.dumps([*response.json()["predictions"], context.custom_attributes, words, localaws_tiny.__name__]), context.accept_header
"""


@needs_tensorflow
def test_what_a_tensorflow_job_has_saved_is_served_as_it_is_and_with_handlers(
    aws: JobFixtures, hosting: endpoint_fixtures.EndpointFixtures
) -> None:
    parameters = {"model_dir": '"s3://course-data/out/model"', "factor": "3"}
    job = aws.trained(aws.script(TRAINING, parameters, image=TENSORFLOW_TRAINING))
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
    files = aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])
    given, hyperparameter, folder, module = json.loads(files["facts.json"])
    assert given == hyperparameter == "s3://course-data/out/model" and module == "sagemaker_tensorflow_container.training:main"
    assert folder.endswith("/opt/ml/model" if aws.mode == "namespace" else "/ml/model")

    plain = deploy(hosting, TENSORFLOW, files, {})
    assert json.loads(hosting.invoke(plain, "[[1, 2], [3, 4.5]]", "application/json")) == {"predictions": [9.0, 22.5]}
    with pytest.raises(ClientError, match="Malformed request") as error:
        hosting.invoke(plain, "1,2", CustomAttributes="tfs-method=guess")
    assert error.value.response["OriginalStatusCode"] == 400

    code = {"code/inference.py": HANDLERS, "code/words.txt": "of the script", "code/requirements.txt": "localaws-tiny"}
    scripted = deploy(hosting, TENSORFLOW, files | code, {})
    answer = hosting.runtime.invoke_endpoint(EndpointName=scripted, Body="1;2", ContentType="text/mine", CustomAttributes="mine=1")
    assert json.loads(answer["Body"].read())[:4] == [9.0, "mine=1", "of the script", "localaws_tiny"]


def test_without_a_framework_an_endpoint_fails_and_its_log_names_the_command(hosting: endpoint_fixtures.EndpointFixtures) -> None:
    absent = "raise ImportError('not here')"
    for image, module, files in ((PYTORCH, "torch", {}), (TENSORFLOW, "tensorflow", {"1/saved_model.pb": b""})):
        # Found before any installed package, as in a container whose framework cannot be imported.
        files = files | {f"absent/{module}.py": absent.encode()}
        model = hosting.model(files, image, {"PYTHONPATH": "/opt/ml/model/absent"})
        name = hosting.create(hosting.config({"ModelName": model}))
        assert "did not pass the ping health check" in hosting.settled(name)["FailureReason"]
        assert f"make extra-{module}" in hosting.log(name)
