"""What a team's program does with the SageMaker Python SDK v2: prepare, train, tune, serve and note it down."""

import json
import tempfile
import time
from pathlib import Path

from sagemaker import Session, get_execution_role, image_uris
from sagemaker.async_inference import AsyncInferenceConfig
from sagemaker.estimator import Estimator
from sagemaker.experiments.run import Run, list_runs
from sagemaker.inputs import TrainingInput
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.serializers import CSVSerializer
from sagemaker.serverless import ServerlessInferenceConfig
from sagemaker.sklearn import SKLearn, SKLearnProcessor
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))  # the SDK looks every 5 to 30 s

PREPARE = """
rows = [line.split(",") for line in open("/opt/ml/processing/input/rows.csv")]
open("/opt/ml/processing/output/train.csv", "w").write("".join(",".join([row[-1].strip(), *row[:-1]]) + "\\n" for row in rows))
"""
COUNT = "print('rows:', len(open('/opt/ml/processing/input/train.csv').readlines()))"
TRAIN = """
import argparse, os
import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--strength", type=float)
rows = np.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "train.csv"), delimiter=",")
model = LogisticRegression(C=parser.parse_args().strength).fit(rows[:, 1:], rows[:, 0])
print(f"accuracy={model.score(rows[:, 1:], rows[:, 0])}")
joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""

folder = Path(tempfile.mkdtemp())
session, role = Session(), get_execution_role()
bucket, instances = (
    session.default_bucket(),
    {"role": role, "instance_count": 1, "instance_type": "ml.m5.large", "sagemaker_session": session},
)
for name, code in {"prepare.py": PREPARE, "count.py": COUNT, "train.py": TRAIN}.items():
    (folder / name).write_text(code)

rows = "".join(f"{x % 2},{x},{x % 2}\n" for x in range(200))  # the label is last
raw = session.upload_string_as_file_body(rows, bucket, "v2/rows.csv")
processor = SKLearnProcessor(framework_version="1.2-1", **instances)
processor.run(
    code=str(folder / "prepare.py"),
    inputs=[ProcessingInput(source=raw, destination="/opt/ml/processing/input")],
    outputs=[ProcessingOutput(output_name="train", source="/opt/ml/processing/output", destination=f"s3://{bucket}/v2/train")],
)
script = ScriptProcessor(image_uri=image_uris.retrieve("sklearn", "us-east-1", "1.2-1"), command=["python3"], **instances)
script.run(
    code=str(folder / "count.py"), inputs=[ProcessingInput(source=f"s3://{bucket}/v2/train", destination="/opt/ml/processing/input")]
)
data = TrainingInput(f"s3://{bucket}/v2/train", content_type="text/csv")

sklearn = SKLearn(
    entry_point="train.py",
    source_dir=str(folder),
    framework_version="1.2-1",
    hyperparameters={"strength": 2.0},
    metric_definitions=[{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
    **instances,
)
with Run(experiment_name="v2", run_name="script", sagemaker_session=session) as run:
    run.log_parameter("strength", 2.0)
    sklearn.fit({"train": data}, logs="All")
    [metric] = sklearn.latest_training_job.describe()["FinalMetricDataList"]
    run.log_metric("accuracy", metric["Value"])
[noted] = list_runs(experiment_name="v2", sagemaker_session=session)

xgboost = Estimator(
    image_uris.retrieve("xgboost", "us-east-1", "1.7-1"),
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 5},
    output_path=f"s3://{bucket}/v2",
    **instances,
)
tuner = HyperparameterTuner(xgboost, "validation:auc", {"eta": ContinuousParameter(0.1, 0.5)}, max_jobs=2, max_parallel_jobs=2)
tuner.fit({"train": data, "validation": data}, job_name=f"v2-{int(time.time())}")
attached = HyperparameterTuner.attach(tuner.latest_tuning_job.name, sagemaker_session=session)
xgboost.fit({"train": data}, logs="All")
served, monitors = [], []
queued = AsyncInferenceConfig(output_path=f"s3://{bucket}/v2/async")
for where in (
    {"initial_instance_count": 1, "instance_type": "ml.m5.large"},
    {"serverless_inference_config": ServerlessInferenceConfig(memory_size_in_mb=1024, max_concurrency=2)},
    {"initial_instance_count": 1, "instance_type": "ml.m5.large", "async_inference_config": queued},
):
    predictor = xgboost.deploy(serializer=CSVSerializer(), endpoint_name=f"v2-{len(served)}-{int(time.time())}", **where)
    answer = predictor.predict([[1, 3]])
    served.append(float(answer) > 0.5)
    monitors += predictor.list_monitors()
    predictor.delete_endpoint()
features = session.upload_string_as_file_body("1,3\n0,4\n", bucket, "v2/batch/rows.csv")
transformer = xgboost.transformer(1, "ml.m5.large", output_path=f"s3://{bucket}/v2/out", assemble_with="Line", accept="text/csv")
transformer.transform(features, content_type="text/csv", split_type="Line", logs=False)
batch = [float(line) > 0.5 for line in session.read_s3_file(bucket, "v2/out/rows.csv.out").split()]
print()
print(
    json.dumps(
        {
            "role": role,
            "accuracy": metric["Value"],
            "noted": noted.run_name,
            "tuned": attached.best_training_job() == tuner.best_training_job(),
            "served": served,
            "monitors": monitors,
            "batch": batch,
        }
    )
)
