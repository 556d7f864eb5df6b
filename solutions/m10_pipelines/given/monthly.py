"""The steps `Prepare` and `Train` of the monthly pipeline: the model is trained by a script of our own, and results are kept for reuse."""

from typing import Any

from given.parts import processing_input, processing_output
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

BASE = "/opt/ml/processing"
CACHE = CacheConfig(enable_caching=True, expire_after="P30D")


def processor(aws: Any, session: Any) -> ScriptProcessor:
    """Runs Python scripts in the scikit-learn image."""
    return ScriptProcessor(
        role=aws.role,
        image_uri=aws.image("sklearn", "1.2-1"),
        command=["python3"],
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )


def here(aws: Any, name: str) -> Join:
    """A folder of the execution's own."""
    return Join(on="/", values=[f"s3://{aws.bucket}/{aws.prefix}", ExecutionVariables.PIPELINE_EXECUTION_ID, name])


def prepare_step(aws: Any, session: Any, flights: str, month: Any) -> ProcessingStep:
    """Step ``Prepare``: the flights of all months before ``month``, from the table in the folder ``flights``."""
    arguments = processor(aws, session).run(
        code="given/prepare.py",
        arguments=["--month", month.to_string(), "--window", "all"],
        inputs=[processing_input("flights", flights, f"{BASE}/flights")],
        outputs=[processing_output(name, f"{BASE}/{name}", here(aws, name)) for name in ("train", "test")],
    )
    return ProcessingStep("Prepare", step_args=arguments, cache_config=CACHE)


def script_step(aws: Any, session: Any, rows: Any) -> TrainingStep:
    """Step ``Train``: runs ``given/code/train.py`` in the XGBoost image, on the CSV files below ``rows``."""
    trainer = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        source_code=SourceCode(source_dir="given/code", entry_script="train.py"),
        hyperparameters={"num_round": 40},
        sagemaker_session=session,
    )
    channel = InputData(channel_name="train", data_source=rows, content_type="text/csv")
    return TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]), cache_config=CACHE)
