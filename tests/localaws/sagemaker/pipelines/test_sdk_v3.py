"""Programs of SDK v3 on pipelines: `sagemaker.mlops.workflow` 1.27 with processors, trainers, tuners, models and transformers.

What the SDK writes was read in its source on 2026-11-28, and what it expects in its integration tests
(``sagemaker-mlops/tests/integ/workflow`` of aws/sagemaker-python-sdk).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN, XGBOOST
from tests.localaws.sagemaker.pipelines.sdk_v3 import CLUSTER, SdkPipelines, ended, given, made, outcome, steps

PREPARE = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int)
rows = open("/opt/ml/processing/raw/raw.csv").readlines()[: parser.parse_args().rows]
for name, part in {"train": rows[:-20], "test": rows[-20:], "features": [row.split(",", 1)[1] for row in rows[-20:]]}.items():
    open(f"/opt/ml/processing/{name}/{name}.csv", "w").writelines(part)
"""
EVALUATE = """
import json, tarfile, xgboost, numpy
tarfile.open("/opt/ml/processing/model/model.tar.gz").extractall(".")
model = xgboost.Booster(model_file="xgboost-model")
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
ROWS = "".join(f"{x % 7 * 2 + x % 3},{x % 7},{x % 3}\n" for x in range(200))


def classic(sdk: SdkPipelines) -> tuple[list, dict]:
    """The steps and parameters of the pipeline that AWS's examples show: prepare, train, evaluate, and register a good model."""
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.core.training.configs import Compute, InputData
    from sagemaker.core.transformer import Transformer
    from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.core.workflow.functions import Join, JsonGet
    from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
    from sagemaker.core.workflow.properties import PropertyFile
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.model_step import ModelStep
    from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep
    from sagemaker.serve.model_builder import ModelBuilder
    from sagemaker.train import ModelTrainer

    parameters = {
        "Rows": ParameterInteger("Rows", 200),
        "Limit": ParameterFloat("Limit", 1.0),
        "Type": ParameterString("Type", "ml.m5.large"),
        "Data": ParameterString("Data", sdk.put("raw/raw.csv", ROWS)),
        "Approval": ParameterString("Approval", "Approved", enum_values=["PendingManualApproval", "Approved"]),
    }
    common = {"role": ROLE, "sagemaker_session": sdk.session}
    cluster = common | {"instance_count": 1, "instance_type": parameters["Type"]}
    cache = CacheConfig(enable_caching=True, expire_after="PT1H")

    def output(name: str) -> Any:
        return made(name, Join(on="/", values=["s3:/", sdk.bucket, "out", ExecutionVariables.PIPELINE_EXECUTION_ID, name]))

    prepare = ProcessingStep(
        "Prepare",
        step_args=ScriptProcessor(image_uri=SKLEARN, command=["python3"], **cluster).run(
            code=sdk.write("prepare.py", PREPARE),
            inputs=[given("raw", parameters["Data"])],
            outputs=[output("train"), output("test"), output("features")],
            arguments=["--rows", parameters["Rows"].to_string()],
        ),
        cache_config=cache,
    )
    prepared = prepare.properties.ProcessingOutputConfig.Outputs
    trainer = ModelTrainer(
        training_image=XGBOOST,
        compute=Compute(instance_type=parameters["Type"], instance_count=1),
        hyperparameters={"objective": "reg:squarederror", "num_round": 8},
        input_data_config=[InputData(channel_name="train", data_source=prepared["train"].S3Output.S3Uri, content_type="text/csv")],
        **common,
    )
    train = TrainingStep("Train", step_args=trainer.train(), cache_config=cache)
    evaluation = PropertyFile("Evaluation", "evaluation", "evaluation.json")
    evaluate = ProcessingStep(
        "Evaluate",
        step_args=ScriptProcessor(image_uri=XGBOOST, command=["python3"], **cluster).run(
            code=sdk.write("evaluate.py", EVALUATE),
            inputs=[given("model", train.properties.ModelArtifacts.S3ModelArtifacts), given("test", prepared["test"].S3Output.S3Uri)],
            outputs=[output("evaluation")],
        ),
        property_files=[evaluation],
        cache_config=cache,
    )
    builder = ModelBuilder(
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts, image_uri=XGBOOST, sagemaker_session=sdk.session, role_arn=ROLE
    )
    create = ModelStep("Create", step_args=builder.build())
    registered = builder.register(
        model_package_group_name="sdk-v3",
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        approval_status=parameters["Approval"],
    )
    transformer = Transformer(
        model_name=create.properties.ModelName,
        instance_count=1,
        instance_type="ml.m5.large",
        output_path=f"s3://{sdk.bucket}/transformed",
        assemble_with="Line",
        accept="text/csv",
        sagemaker_session=sdk.session,
    )
    features = {"data": prepared["features"].S3Output.S3Uri, "content_type": "text/csv", "split_type": "Line"}
    judge = ConditionStep(
        "Judge",
        conditions=[
            ConditionLessThanOrEqualTo(
                left=JsonGet(step_name="Evaluate", property_file=evaluation, json_path="regression_metrics.mse.value"),
                right=parameters["Limit"],
            )
        ],
        if_steps=[create, ModelStep("Register", step_args=registered), TransformStep("Transform", transformer.transform(**features))],
        else_steps=[FailStep("Reject", error_message=Join(on=" ", values=["MSE above", parameters["Limit"]]))],
    )
    return [prepare, train, evaluate, judge], parameters


@pytest.mark.nightly  # m10_1 and m10_2 run such pipelines, every other day
def test_a_good_model_is_registered_and_a_bad_one_is_not(sdk: SdkPipelines) -> None:
    defined, parameters = classic(sdk)
    pipeline = sdk.pipeline("Classic", defined, parameters=list(parameters.values()))
    assert pipeline.describe()["PipelineStatus"] == "Active"
    first = sdk.run(pipeline, Approval="PendingManualApproval")
    names = ["", "Prepare", "Train", "Evaluate", "Judge", "Create", "Register", "Transform"]
    assert outcome(first) == dict.fromkeys(names, "Succeeded")
    client = sdk.session.sagemaker_client
    [package] = client.list_model_packages(ModelPackageGroupName="sdk-v3")["ModelPackageSummaryList"]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert steps(first)["Register"]["Metadata"] == {"RegisterModel": {"Arn": package["ModelPackageArn"]}}
    assert len(sdk.session.read_s3_file(sdk.bucket, "transformed/features.csv.out").split()) == 20
    effective = {each["Name"]: each["Value"] for each in first.list_parameters()["PipelineParameters"]}
    assert effective["Rows"] == "200" and effective["Limit"] == "1.0" and effective["Approval"] == "PendingManualApproval"

    second = pipeline.start(parameters={"Limit": 1e-9})
    with pytest.raises(WaiterError, match="terminal failure state"):
        second.wait(delay=1, max_attempts=120)
    found = steps(second)
    assert [name for name, step in found.items() if "CacheHitResult" in step] == ["Evaluate", "Train", "Prepare"]
    assert found["Reject"]["FailureReason"] == "MSE above 1e-09" and "Register" not in found
    listed = pipeline.list_executions()["PipelineExecutionSummaries"]
    assert [each["PipelineExecutionStatus"] for each in listed] == ["Failed", "Succeeded"]
    assert pipeline.build_parameters_from_execution(second.arn)["Limit"] == "1e-09"


@pytest.mark.nightly  # three jobs; each kind of step has tests of its own by day
def test_scripts_are_trained_tuned_and_packed(sdk: SdkPipelines) -> None:
    from sagemaker.core.parameter import ContinuousParameter
    from sagemaker.core.processing import FrameworkProcessor
    from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode
    from sagemaker.mlops.workflow.model_step import ModelStep
    from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep
    from sagemaker.serve.model_builder import ModelBuilder
    from sagemaker.train import ModelTrainer
    from sagemaker.train.tuner import HyperparameterTuner

    data = [InputData(channel_name="train", data_source=sdk.put("rows/rows.csv", ROWS))]
    sdk.write("source/train.py", TRAIN)
    sdk.write("source/helper.py", "WORD = 'helped'\n")
    sdk.write("source/process.py", "import helper\nprint(helper.WORD)\n")
    source = str(sdk.folder / "source")
    trainer = ModelTrainer(
        training_image=SKLEARN,
        source_code=SourceCode(source_dir=source, entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"rate": 0.2},
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{sdk.bucket}/models"),
        input_data_config=data,
        role=ROLE,
        sagemaker_session=sdk.session,
    )
    train = TrainingStep("Train", step_args=trainer.train())
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="loss",
        metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
        hyperparameter_ranges={"rate": ContinuousParameter(0.1, 0.5)},
        objective_type="Minimize",
        max_jobs=2,
        max_parallel_jobs=2,
    )
    tune = TuningStep("Tune", step_args=tuner.tune(inputs=data))
    best = tune.get_top_model_s3_uri(0, sdk.bucket, "models")
    model = ModelBuilder(s3_model_data_url=best, image_uri=SKLEARN, sagemaker_session=sdk.session, role_arn=ROLE)
    processor = FrameworkProcessor(image_uri=SKLEARN, command=["python3"], sagemaker_session=sdk.session, **CLUSTER)
    process = ProcessingStep("Process", step_args=processor.run(code="process.py", source_dir=source))
    pipeline = sdk.pipeline("Scripts", [train, tune, ModelStep("Best", step_args=model.build()), process])
    execution = sdk.run(pipeline)
    assert set(outcome(execution).values()) == {"Succeeded"}, execution.list_steps()
    name = steps(execution)["Best"]["Metadata"]["Model"]["Arn"].rpartition("/")[2]
    container = sdk.session.sagemaker_client.describe_model(ModelName=name)["PrimaryContainer"]
    assert container["ModelDataUrl"].startswith(f"s3://{sdk.bucket}/models/")


@pytest.mark.nightly  # without the SDK by day in test_executions.py
def test_a_pipeline_is_changed_stopped_and_deleted(sdk: SdkPipelines) -> None:
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.mlops.workflow.steps import ProcessingStep

    code = sdk.write("wait.py", "import time\ntime.sleep(60)\n")
    processor = ScriptProcessor(image_uri=SKLEARN, command=["python3"], sagemaker_session=sdk.session, **CLUSTER)
    wait = ProcessingStep("Wait", step_args=processor.run(code=code))
    pipeline = sdk.pipeline("Stopped", [wait], parameters=[])
    execution = pipeline.start(execution_display_name="by-hand", execution_description="by hand")
    execution.stop()
    described = ended(execution)
    assert (described["PipelineExecutionStatus"], described["PipelineExecutionDisplayName"]) == ("Stopped", "by-hand")
    wait.description = "waits"
    assert sdk.pipeline("Stopped", [wait], parameters=[]).describe()["PipelineName"] == "Stopped"
    assert json.loads(pipeline.describe()["PipelineDefinition"])["Steps"][0]["Description"] == "waits"
    versions = pipeline.list_pipeline_versions()["PipelineVersionSummaries"]
    assert [version["PipelineVersionId"] for version in versions] == [2, 1] and pipeline.latest_pipeline_version_id == 2
    pipeline.delete()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        pipeline.describe()
