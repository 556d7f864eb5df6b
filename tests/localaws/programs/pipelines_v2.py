"""What a team's pipeline does with the SageMaker Python SDK v2: processors, estimators, a tuner, models, a transformer and functions."""

import json
import tempfile
import time
from pathlib import Path

from sagemaker import Session, get_execution_role, image_uris
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn import SKLearn, SKLearnModel, SKLearnProcessor
from sagemaker.transformer import Transformer
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.function_step import step
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep, TuningStep

PREPARE = """
import sys
rows = open("/opt/ml/processing/input/raw.csv").readlines()[: int(sys.argv[2])]
for name, part in {"train": rows[:-20], "test": rows[-20:], "features": [row.split(",", 1)[1] for row in rows[-20:]]}.items():
    open(f"/opt/ml/processing/{name}/{name}.csv", "w").writelines(part)
"""
EVALUATE = """
import json, pickle, tarfile, numpy, xgboost
tarfile.open("/opt/ml/processing/model/model.tar.gz").extractall(".")
model = pickle.load(open("xgboost-model", "rb"))
rows = numpy.loadtxt("/opt/ml/processing/test/test.csv", delimiter=",")
mse = float(((model.predict(xgboost.DMatrix(rows[:, 1:])) - rows[:, 0]) ** 2).mean())
json.dump({"regression_metrics": {"mse": {"value": mse}}}, open("/opt/ml/processing/evaluation/evaluation.json", "w"))
"""
TRAIN = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
rate = parser.parse_args().rate
print(f"loss={(rate - 0.3) ** 2};")
open(os.path.join(os.environ["SM_MODEL_DIR"], "rate.txt"), "w").write(str(rate))
"""
SERVE = """
def model_fn(folder):
    return open(f"{folder}/rate.txt").read()
"""

folder = Path(tempfile.mkdtemp())
role, session = get_execution_role(), PipelineSession()
bucket = session.default_bucket()
sklearn, xgboost = image_uris.retrieve("sklearn", "us-east-1", "1.2-1"), image_uris.retrieve("xgboost", "us-east-1", "1.0-1")
for name, code in {"prepare.py": PREPARE, "evaluate.py": EVALUATE, "source/train.py": TRAIN, "serve.py": SERVE}.items():
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(code)
rows = "".join(f"{x % 7 * 2 + x % 3},{x % 7},{x % 3}\n" for x in range(200))
parameters = {
    "Rows": ParameterInteger("Rows", 200),
    "Limit": ParameterFloat("Limit", 1.0),
    "Type": ParameterString("Type", "ml.m5.large"),
    "Data": ParameterString("Data", Session().upload_string_as_file_body(rows, bucket, "raw/raw.csv")),
}
instances = {"role": role, "instance_count": 1, "instance_type": parameters["Type"], "sagemaker_session": session}
cache = CacheConfig(enable_caching=True, expire_after="PT1H")
prepare = ProcessingStep(
    "Prepare",
    step_args=SKLearnProcessor(framework_version="1.2-1", **instances).run(
        code=str(folder / "prepare.py"),
        inputs=[ProcessingInput(source=parameters["Data"], destination="/opt/ml/processing/input")],
        outputs=[ProcessingOutput(output_name=name, source=f"/opt/ml/processing/{name}") for name in ("train", "test", "features")],
        arguments=["--rows", parameters["Rows"].to_string()],
    ),
    cache_config=cache,
)
prepared = {name: prepare.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri for name in ("train", "test", "features")}
estimator = Estimator(xgboost, output_path=f"s3://{bucket}/models", **instances)
estimator.set_hyperparameters(objective="reg:squarederror", num_round=8)
train = TrainingStep(
    "Train", step_args=estimator.fit({"train": TrainingInput(prepared["train"], content_type="text/csv")}), cache_config=cache
)
report = PropertyFile("Report", "evaluation", "evaluation.json")
evaluate = ProcessingStep(
    "Evaluate",
    step_args=ScriptProcessor(image_uri=xgboost, command=["python3"], **instances).run(
        code=str(folder / "evaluate.py"),
        inputs=[
            ProcessingInput(source=train.properties.ModelArtifacts.S3ModelArtifacts, destination="/opt/ml/processing/model"),
            ProcessingInput(source=prepared["test"], destination="/opt/ml/processing/test"),
        ],
        outputs=[ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")],
    ),
    property_files=[report],
    cache_config=cache,
)
model = Model(xgboost, train.properties.ModelArtifacts.S3ModelArtifacts, role, sagemaker_session=session)
create = ModelStep("Create", step_args=model.create(instance_type="ml.m5.large"))
types = {"content_types": ["text/csv"], "response_types": ["text/csv"]}
machines = {"inference_instances": ["ml.m5.large"], "transform_instances": ["ml.m5.large"]}
register = ModelStep("Register", step_args=model.register(model_package_group_name="v2", approval_status="Approved", **types, **machines))
transformer = Transformer(
    model_name=create.properties.ModelName,
    instance_count=1,
    instance_type="ml.m5.large",
    output_path=f"s3://{bucket}/transformed",
    assemble_with="Line",
    accept="text/csv",
    sagemaker_session=session,
)
transformed = transformer.transform(prepared["features"], content_type="text/csv", split_type="Line")
mse = JsonGet(step_name="Evaluate", property_file=report, json_path="regression_metrics.mse.value")
judge = ConditionStep(
    "Judge",
    conditions=[ConditionLessThanOrEqualTo(left=mse, right=parameters["Limit"])],
    if_steps=[create, register, TransformStep("Transform", step_args=transformed)],
    else_steps=[FailStep("Reject", error_message=Join(on=" ", values=["MSE above", parameters["Limit"]]))],
)
script = SKLearn(
    "train.py", source_dir=str(folder / "source"), framework_version="1.2-1", output_path=f"s3://{bucket}/scripts", **instances
)
tuner = HyperparameterTuner(
    script,
    "loss",
    {"rate": ContinuousParameter(0.1, 0.5)},
    metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
    objective_type="Minimize",
    max_jobs=2,
    max_parallel_jobs=2,
)
tune = TuningStep("Tune", step_args=tuner.fit({"train": TrainingInput(parameters["Data"])}))
best = SKLearnModel(
    model_data=tune.get_top_model_s3_uri(0, bucket, "scripts"),
    role=role,
    entry_point=str(folder / "serve.py"),
    enable_network_isolation=True,  # so the SDK packs the script with the model, by a job
    framework_version="1.2-1",
    sagemaker_session=session,
)
packed = ModelStep("Best", step_args=best.create(instance_type="ml.m5.large"))


def ended(execution):
    """The status of each step of an execution, once it has ended."""
    while execution.describe()["PipelineExecutionStatus"] in ("Executing", "Stopping"):
        time.sleep(0.2)
    return {each["StepName"]: each for each in reversed(execution.list_steps())}


@step(name="Count", image_uri=sklearn, instance_type="ml.m5.large", role=role)
def count(text):
    return {"length": len(text)}


@step(name="Double", image_uri=sklearn, instance_type="ml.m5.large", role=role)
def double(found):
    return 2 * found["length"]


classic = Pipeline("V2", parameters=list(parameters.values()), steps=[prepare, train, evaluate, judge], sagemaker_session=session)
classic.upsert(role_arn=role)
good, bad = ended(classic.start()), ended(classic.start(parameters={"Limit": 1e-9}))
scripts = Pipeline("V2-scripts", parameters=[parameters["Type"], parameters["Data"]], steps=[tune, packed], sagemaker_session=session)
scripts.upsert(role_arn=role)
tuned = ended(scripts.start())
functions = Pipeline("V2-functions", parameters=[parameters["Type"]], steps=[double(count(parameters["Type"]))], sagemaker_session=session)
functions.upsert(role_arn=role)
execution = functions.start(parameters={"Type": "four"})
called = ended(execution)
print()
print(
    json.dumps(
        {
            "good": {name: each["StepStatus"] for name, each in good.items()},
            "bad": bad["Reject"]["FailureReason"],
            "cached": [name for name, each in bad.items() if "CacheHitResult" in each],
            "batch": len(Session().read_s3_file(bucket, "transformed/features.csv.out").split()),
            "tuned": {name: each["StepStatus"] for name, each in tuned.items()},
            "called": {name: each["StepStatus"] for name, each in called.items()},
            "result": execution.result("Double"),
        }
    )
)
