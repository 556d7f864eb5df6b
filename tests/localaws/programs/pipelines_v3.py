"""What a team's pipeline does with the SageMaker Python SDK v3: a processor, trainers, a model, its registration, and functions."""

import json
import tempfile
import time
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.function_step import step
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

JUDGE = """
import json
rows = open("/opt/ml/processing/raw/raw.csv").readlines()
json.dump({"share": {"value": sum(row.startswith("1") for row in rows) / len(rows)}}, open("/opt/ml/processing/report/report.json", "w"))
"""
TRAIN = "import os\nopen(os.path.join(os.environ['SM_MODEL_DIR'], 'rate.txt'), 'w').write('1')\n"

folder = Path(tempfile.mkdtemp())
role, session = get_execution_role(), PipelineSession()
bucket, compute = session.default_bucket(), Compute(instance_type="ml.m5.large", instance_count=1)
sklearn, xgboost = image_uris.retrieve("sklearn", "us-east-1", "1.2-1"), image_uris.retrieve("xgboost", "us-east-1", "1.7-1")
(folder / "judge.py").write_text(JUDGE)
(folder / "source").mkdir()
(folder / "source/train.py").write_text(TRAIN)
raw = Session().upload_string_as_file_body("".join(f"{x % 2},{x}\n" for x in range(200)), bucket, "v3/raw.csv")
data, limit = ParameterString("Data", raw), ParameterFloat("Limit", 0.6)
report = PropertyFile("Report", "report", "report.json")
given = ProcessingS3Input(s3_uri=data, local_path="/opt/ml/processing/raw", s3_data_type="S3Prefix", s3_input_mode="File")
made = ProcessingS3Output(s3_uri=f"s3://{bucket}/v3/report", local_path="/opt/ml/processing/report", s3_upload_mode="EndOfJob")
processor = ScriptProcessor(
    image_uri=sklearn, command=["python3"], role=role, instance_count=1, instance_type="ml.m5.large", sagemaker_session=session
)
measure = ProcessingStep(
    "Measure",
    step_args=processor.run(
        code=str(folder / "judge.py"),
        inputs=[ProcessingInput(input_name="raw", s3_input=given)],
        outputs=[ProcessingOutput(output_name="report", s3_output=made)],
    ),
    property_files=[report],
)
common = {"compute": compute, "role": role, "sagemaker_session": session}
channel = InputData(channel_name="train", data_source=data, content_type="text/csv")
algorithm = ModelTrainer(
    training_image=xgboost, hyperparameters={"objective": "binary:logistic", "num_round": 3}, input_data_config=[channel], **common
)
source = SourceCode(source_dir=str(folder / "source"), entry_script="train.py")
script = ModelTrainer(training_image=sklearn, source_code=source, input_data_config=[channel], **common)
train = TrainingStep("Train", step_args=algorithm.train())
builder = ModelBuilder(
    s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts, image_uri=xgboost, sagemaker_session=session, role_arn=role
)
registered = builder.register(
    model_package_group_name="v3",
    content_types=["text/csv"],
    response_types=["text/csv"],
    inference_instances=["ml.m5.large"],
    transform_instances=["ml.m5.large"],
    approval_status="Approved",
)


@step(name="Count", image_uri=sklearn, instance_type="ml.m5.large", role=role)
def count(text):
    return {"length": len(text)}


@step(name="Double", image_uri=sklearn, instance_type="ml.m5.large", role=role)
def double(found):
    return 2 * found["length"]


share = JsonGet(step_name="Measure", property_file=report, json_path="share.value")
judge = ConditionStep(
    "Judge",
    conditions=[ConditionLessThanOrEqualTo(left=share, right=limit)],
    if_steps=[ModelStep("Create", step_args=builder.build()), ModelStep("Register", step_args=registered)],
    else_steps=[FailStep("Reject", error_message=Join(on=" ", values=["share above", limit]))],
)
steps = [measure, train, TrainingStep("Script", step_args=script.train()), judge, double(count(data))]
pipeline = Pipeline(name="V3", parameters=[data, limit], steps=steps, sagemaker_session=session)
pipeline.upsert(role_arn=role)
execution = pipeline.start()
while execution.describe()["PipelineExecutionStatus"] in ("Executing", "Stopping"):
    time.sleep(0.2)
statuses = {each["StepName"]: each["StepStatus"] for each in execution.list_steps()}
print()
print(json.dumps({"steps": statuses, "result": execution.result("Double"), "data": len(raw)}))
