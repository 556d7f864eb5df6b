"""Check steps with the SageMaker Python SDK v2: a first run, an approval, and runs against the approved version and a supplied baseline."""

import json
import random
import tempfile
import time
from pathlib import Path

from sagemaker import Session, get_execution_role, image_uris
from sagemaker.drift_check_baselines import DriftCheckBaselines
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.model_monitor import DatasetFormat
from sagemaker.workflow.check_job_config import CheckJobConfig
from sagemaker.workflow.execution_variables import ExecutionVariables
from sagemaker.workflow.functions import Join
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterBoolean, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.quality_check_step import DataQualityCheckConfig, ModelQualityCheckConfig, QualityCheckStep
from sagemaker.workflow.steps import CacheConfig

GROUP = "v2-checked"
role, session = get_execution_role(), PipelineSession()
bucket = session.default_bucket()
random.seed(0)
rows = [(rings := random.randint(1, 20), rings * 0.05 + random.gauss(0, 0.02)) for _ in range(300)]


def upload(name, lines):
    return Session().upload_string_as_file_body("\n".join(lines), bucket, f"checked/{name}")


data = {
    "good": upload("good/abalone.csv", [f"{rings},{length:.3f}" for rings, length in rows]),
    "bad": upload("bad/abalone.csv", [f"{rings},{length * 3:.3f}" for rings, length in rows]),
}
guesses = Path(tempfile.mkdtemp()) / "guesses.csv"
guesses.write_text("\n".join(["label,guess", *(f"{rings},{rings + 0.5}" for rings, _ in rows)]))
parameters = {name: ParameterBoolean(name, default_value=False) for name in ("Skip", "Register")}
parameters |= {name: ParameterString(name, default_value="") for name in ("Statistics", "Constraints")}
parameters["Data"] = ParameterString("Data", default_value=data["good"])
job = CheckJobConfig(role=role, instance_count=1, instance_type="ml.c5.xlarge", volume_size_in_gb=120, sagemaker_session=session)
flags = {"skip_check": parameters["Skip"], "register_new_baseline": parameters["Register"], "check_job_config": job}
rows_check = QualityCheckStep(
    name="Rows",
    quality_check_config=DataQualityCheckConfig(
        baseline_dataset=parameters["Data"],
        dataset_format=DatasetFormat.csv(header=False, output_columns_position="START"),
        output_s3_uri=Join(on="/", values=["s3:/", bucket, "reports", ExecutionVariables.PIPELINE_EXECUTION_ID]),
    ),
    model_package_group_name=GROUP,
    supplied_baseline_statistics=parameters["Statistics"],
    supplied_baseline_constraints=parameters["Constraints"],
    **flags,
)
guess_check = QualityCheckStep(
    name="Guesses",
    quality_check_config=ModelQualityCheckConfig(
        baseline_dataset=str(guesses),
        dataset_format=DatasetFormat.csv(header=True),
        problem_type="Regression",
        inference_attribute="guess",
        ground_truth_attribute="label",
    ),
    model_package_group_name=GROUP,
    cache_config=CacheConfig(enable_caching=True, expire_after="PT1H"),
    depends_on=[rows_check],
    **flags,
)


def sources(beginning):
    return {
        f"{part}_{file.lower()}": MetricsSource("application/json", getattr(check.properties, beginning + file))
        for part, check in {"model_data": rows_check, "model": guess_check}.items()
        for file in ("Statistics", "Constraints")
    }


archive = Session().upload_string_as_file_body("", bucket, "model.tar.gz")
model = Model(image_uris.retrieve("xgboost", "us-east-1", "1.7-1"), archive, role, sagemaker_session=session)
registered = model.register(
    model_package_group_name=GROUP,
    content_types=["text/csv"],
    response_types=["text/csv"],
    inference_instances=["ml.m5.large"],
    transform_instances=["ml.m5.large"],
    model_metrics=ModelMetrics(**sources("CalculatedBaseline")),
    drift_check_baselines=DriftCheckBaselines(**sources("BaselineUsedForDriftCheck")),
)
steps = [rows_check, guess_check, ModelStep("Register", step_args=registered)]
pipeline = Pipeline("V2-checks", parameters=list(parameters.values()), steps=steps, sagemaker_session=session)
pipeline.upsert(role_arn=role)


def run(**given):
    """The steps of an execution, once it has ended."""
    execution = pipeline.start(parameters=given)
    while execution.describe()["PipelineExecutionStatus"] in ("Executing", "Stopping"):
        time.sleep(0.2)
    return {each["StepName"]: each for each in reversed(execution.list_steps())}


def statuses(found):
    return {name: each["StepStatus"] for name, each in found.items()}


client = session.sagemaker_client
first = run(Skip=True, Register=True)
[package] = client.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
client.update_model_package(ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Approved")
second, third = run(), run(Data=data["bad"])
metadata = first["Rows"]["Metadata"]["QualityCheck"]
supplied = {file: metadata[f"CalculatedBaseline{file}"] for file in ("Statistics", "Constraints")}
fourth = run(Data=data["bad"], **supplied)
print()
print(
    json.dumps(
        {
            "runs": [statuses(found) for found in (first, second, third, fourth)],
            "reasons": [found["Rows"]["FailureReason"].partition(": s3://")[0] for found in (third, fourth)],
            "used": second["Rows"]["Metadata"]["QualityCheck"]["BaselineUsedForDriftCheckConstraints"] == supplied["Constraints"],
        }
    )
)
