"""What a team's program does with the SageMaker Python SDK v3: prepare, train, tune and serve."""

import json
import tempfile
import time
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.parameter import ContinuousParameter
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, TransformJob
from sagemaker.core.shapes import (
    ContainerDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    ProductionVariant,
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 5 s

PREPARE = """
rows = [line.split(",") for line in open("/opt/ml/processing/input/rows.csv")]
open("/opt/ml/processing/output/train.csv", "w").write("".join(",".join([row[-1].strip(), *row[:-1]]) + "\\n" for row in rows))
"""
TRAIN = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
rate = parser.parse_args().rate
rows = open(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "train.csv")).readlines()
print(f"loss={(rate - 0.3) ** 2};")
open(os.path.join(os.environ["SM_MODEL_DIR"], "rows.txt"), "w").write(str(len(rows)))
"""

folder = Path(tempfile.mkdtemp())
session, role = Session(), get_execution_role()
bucket, compute = session.default_bucket(), Compute(instance_type="ml.m5.large", instance_count=1)
sklearn = image_uris.retrieve("sklearn", "us-east-1", version="1.2-1")
(folder / "prepare.py").write_text(PREPARE)
(folder / "source").mkdir()
(folder / "source/train.py").write_text(TRAIN)

raw = session.upload_string_as_file_body("".join(f"{x % 2},{x},{x % 2}\n" for x in range(200)), bucket, "v3/rows.csv")
processor = ScriptProcessor(
    image_uri=sklearn, command=["python3"], role=role, instance_count=1, instance_type="ml.m5.large", sagemaker_session=session
)
given = ProcessingS3Input(s3_uri=raw, s3_data_type="S3Prefix", s3_input_mode="File", local_path="/opt/ml/processing/input")
made = ProcessingS3Output(s3_uri=f"s3://{bucket}/v3/train", s3_upload_mode="EndOfJob", local_path="/opt/ml/processing/output")
processor.run(
    code=str(folder / "prepare.py"),
    inputs=[ProcessingInput(input_name="rows", s3_input=given)],
    outputs=[ProcessingOutput(output_name="train", s3_output=made)],
)
data = InputData(channel_name="train", data_source=f"s3://{bucket}/v3/train", content_type="text/csv")


def trainer(name: str, image: str, hyperparameters: dict, **more: object) -> ModelTrainer:
    output = OutputDataConfig(s3_output_path=f"s3://{bucket}/v3")
    common = {"role": role, "sagemaker_session": session, "compute": compute, "output_data_config": output, "base_job_name": name}
    return ModelTrainer(training_image=image, hyperparameters=hyperparameters, **common, **more)


algorithm = trainer("xgb", image_uris.retrieve("xgboost", "us-east-1", "1.7-1"), {"objective": "binary:logistic", "num_round": 5})
algorithm.train(input_data_config=[data])
source = SourceCode(source_dir=str(folder / "source"), entry_script="train.py")
script = trainer("script", sklearn, {"rate": 0.1}, source_code=source)
script.train(input_data_config=[data])
tuner = HyperparameterTuner(
    model_trainer=script,
    objective_metric_name="loss",
    metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
    hyperparameter_ranges={"rate": ContinuousParameter(0.1, 0.5)},
    objective_type="Minimize",
    max_jobs=2,
    max_parallel_jobs=2,
)
tuner.tune(inputs=[data], job_name=f"v3-{int(time.time())}")
model = Model.create(
    model_name="v3",
    execution_role_arn=role,
    primary_container=ContainerDefinition(
        image=image_uris.retrieve("xgboost", "us-east-1", "1.7-1"),
        model_data_url=algorithm._latest_training_job.refresh().model_artifacts.s3_model_artifacts,
    ),
)
variant = ProductionVariant(variant_name="all", model_name="v3", initial_instance_count=1, instance_type="ml.m5.large")
EndpointConfig.create(endpoint_config_name="v3", production_variants=[variant])
endpoint = Endpoint.create(endpoint_name="v3", endpoint_config_name="v3")
endpoint.wait_for_status("InService")
served = float(endpoint.invoke(body=b"1,3", content_type="text/csv").body.read()) > 0.5
endpoint.delete()
features = session.upload_string_as_file_body("1,3\n0,4\n", bucket, "v3/batch/rows.csv")
place = TransformDataSource(s3_data_source=TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=features))
job = TransformJob.create(
    transform_job_name=f"v3-{int(time.time())}",
    model_name="v3",
    transform_input=TransformInput(data_source=place, content_type="text/csv", split_type="Line"),
    transform_output=TransformOutput(s3_output_path=f"s3://{bucket}/v3/out", assemble_with="Line"),
    transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
)
job.wait(logs=False)
batch = [float(line) > 0.5 for line in session.read_s3_file(bucket, "v3/out/rows.csv.out").split()]
statuses = [each._latest_training_job.refresh().training_job_status for each in (algorithm, script)]
tuned = tuner.latest_tuning_job.refresh().hyper_parameter_tuning_job_status
print()
best = bool(tuner.best_training_job())
print(json.dumps({"role": role, "trained": statuses, "tuned": tuned, "best": best, "served": served, "batch": batch}))
