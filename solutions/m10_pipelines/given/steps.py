"""Two steps of this lesson: training, and measuring the new model beside the live one."""

from typing import Any

from given.parts import processing_input, processing_output
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData

BASE = "/opt/ml/processing"
SETTINGS = {"objective": "binary:logistic", "eta": 0.15, "max_depth": 5, "num_round": 40}
EVALUATION = PropertyFile(name="Evaluation", output_name="report", path="evaluation.json")


def train_step(aws: Any, session: Any, rows: Any) -> TrainingStep:
    """Step ``Train``: XGBoost on the CSV files below ``rows``, an S3 URI or a reference to one."""
    trainer = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters=SETTINGS,
        sagemaker_session=session,
    )
    channel = InputData(channel_name="train", data_source=rows, content_type="text/csv")
    return TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]))


def evaluate_step(aws: Any, processor: ScriptProcessor, test: Any, model: Any, live: Any) -> ProcessingStep:
    """Step ``Evaluate`` with the property file `EVALUATION`.

    ``test`` and ``model`` are S3 URIs or references to them. ``live`` is the URI of the live model's archive or ``"none"``.
    """
    folder = f"s3://{aws.bucket}/{aws.prefix}"
    report = Join(on="/", values=[folder, ExecutionVariables.PIPELINE_EXECUTION_ID, "report"])
    arguments = processor.run(
        code="given/evaluate.py",
        arguments=["--live", live],
        inputs=[processing_input("test", test, f"{BASE}/test"), processing_input("model", model, f"{BASE}/model")],
        outputs=[processing_output("report", f"{BASE}/report", report)],
    )
    return ProcessingStep("Evaluate", step_args=arguments, property_files=[EVALUATION])
