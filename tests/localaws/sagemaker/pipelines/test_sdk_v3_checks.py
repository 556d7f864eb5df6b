"""Programs of SDK v3 on check steps, with the calls of AWS's sample "SageMaker Pipelines integration with Model Monitor and Clarify".

The sample is ``sagemaker-pipeline-model-monitor-clarify-steps.ipynb`` of aws/amazon-sagemaker-examples, read 2026-11-28. It has SDK v2.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN, XGBOOST, needs_clarify
from tests.localaws.sagemaker.pipelines.check_fixtures import abalones, drifted
from tests.localaws.sagemaker.pipelines.sdk_v3 import CLUSTER, SdkPipelines, given, made, outcome, steps

PREPARE = """
rows = open("/opt/ml/processing/raw/abalone.csv").readlines()
for name, part in {"train": rows[:-100], "test": rows[-100:]}.items():
    open(f"/opt/ml/processing/{name}/{name}.csv", "w").writelines(part)
"""
FIRST = {f"{flag}{check}": True for check in ("DataQuality", "ModelQuality") for flag in ("Skip", "Register")}
GROUP = "abalones"


def raw(sdk: SdkPipelines, name: str, rows: Any) -> str:
    """Store abalones as the sample has them, without a header; returns the URI of their folder. The sex is a number here."""
    table = rows.assign(sex=rows.sex.map({"M": 0, "F": 1, "I": 2, "X": 3}))
    return sdk.put(f"raw/{name}/abalone.csv", table.to_csv(index=False, header=False)).rpartition("/")[0]


class Sample:
    """The steps and the parameters of the sample, without those of Clarify."""

    def __init__(self, sdk: SdkPipelines) -> None:
        from sagemaker.core.workflow.parameters import ParameterBoolean, ParameterString
        from sagemaker.mlops.workflow.check_job_config import CheckJobConfig

        self.sdk, self.parameters = sdk, {name: ParameterBoolean(name, default_value=False) for name in FIRST}
        self.parameters["Data"] = ParameterString("Data", raw(sdk, "good", abalones()))
        for check in ("DataQuality", "ModelQuality"):
            for file in ("Statistics", "Constraints"):
                self.parameters[check + file] = ParameterString(check + file, default_value="")
        self.job = CheckJobConfig(
            role=ROLE, instance_count=1, instance_type="ml.c5.xlarge", volume_size_in_gb=120, sagemaker_session=sdk.session
        )

    def place(self, name: str) -> Any:
        """A folder of each execution."""
        from sagemaker.core.workflow.execution_variables import ExecutionVariables
        from sagemaker.core.workflow.functions import Join

        return Join(on="/", values=["s3:/", self.sdk.bucket, "checked", ExecutionVariables.PIPELINE_EXECUTION_ID, name])

    def check(self, name: str, config: Any, **more: Any) -> Any:
        from sagemaker.mlops.workflow.quality_check_step import QualityCheckStep

        return QualityCheckStep(
            name=f"{name}Check",
            skip_check=self.parameters[f"Skip{name}"],
            register_new_baseline=self.parameters[f"Register{name}"],
            quality_check_config=config,
            check_job_config=self.job,
            supplied_baseline_statistics=self.parameters[f"{name}Statistics"],
            supplied_baseline_constraints=self.parameters[f"{name}Constraints"],
            model_package_group_name=GROUP,
            **more,
        )

    def steps(self) -> list:
        from sagemaker.core.drift_check_baselines import DriftCheckBaselines
        from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
        from sagemaker.core.model_monitor.dataset_format import DatasetFormat
        from sagemaker.core.processing import ScriptProcessor
        from sagemaker.core.training.configs import Compute, InputData
        from sagemaker.core.transformer import Transformer
        from sagemaker.mlops.workflow.model_step import ModelStep
        from sagemaker.mlops.workflow.quality_check_step import DataQualityCheckConfig, ModelQualityCheckConfig
        from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TransformStep
        from sagemaker.serve.model_builder import ModelBuilder
        from sagemaker.train import ModelTrainer

        session = {"sagemaker_session": self.sdk.session}
        prepare = ProcessingStep(
            "Prepare",
            step_args=ScriptProcessor(image_uri=SKLEARN, command=["python3"], **CLUSTER, **session).run(
                code=self.sdk.write("prepare.py", PREPARE),
                inputs=[given("raw", self.parameters["Data"])],
                outputs=[made(name, self.place(name)) for name in ("train", "test")],
            ),
        )
        prepared = {name: prepare.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri for name in ("train", "test")}
        data_quality = self.check(
            "DataQuality",
            DataQualityCheckConfig(
                baseline_dataset=prepared["train"],
                dataset_format=DatasetFormat.csv(header=False, output_columns_position="START"),
                output_s3_uri=self.place("data-quality"),
            ),
        )
        trainer = ModelTrainer(
            training_image=XGBOOST,
            compute=Compute(instance_type="ml.m5.large", instance_count=1),
            hyperparameters={"objective": "reg:squarederror", "num_round": 5, "max_depth": 3},
            input_data_config=[InputData(channel_name="train", data_source=prepared["train"], content_type="text/csv")],
            role=ROLE,
            **session,
        )
        train = TrainingStep("Train", step_args=trainer.train(), depends_on=[data_quality.name])
        builder = ModelBuilder(
            s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts, image_uri=XGBOOST, role_arn=ROLE, **session
        )
        create = ModelStep("Create", step_args=builder.build())
        transformer = Transformer(
            model_name=create.properties.ModelName,
            instance_count=1,
            instance_type="ml.m5.large",
            accept="text/csv",
            assemble_with="Line",
            output_path=self.place("transformed"),
            **session,
        )
        joined = {"input_filter": "$[1:]", "join_source": "Input", "output_filter": "$[0,-1]", "split_type": "Line"}
        transform = TransformStep("Transform", transformer.transform(prepared["test"], content_type="text/csv", **joined))
        model_quality = self.check(
            "ModelQuality",
            ModelQualityCheckConfig(
                baseline_dataset=transform.properties.TransformOutput.S3OutputPath,
                dataset_format=DatasetFormat.csv(header=False),
                output_s3_uri=self.place("model-quality"),
                problem_type="Regression",
                ground_truth_attribute="_c0",  # the names of columns without a header
                inference_attribute="_c1",
            ),
        )

        def sources(beginning: str) -> dict:
            return {
                f"{part}_{file.lower()}": MetricsSource(s3_uri=getattr(check.properties, beginning + file), content_type="application/json")
                for part, check in {"model_data": data_quality, "model": model_quality}.items()
                for file in ("Statistics", "Constraints")
            }

        registered = builder.register(
            model_package_group_name=GROUP,
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.m5.large"],
            transform_instances=["ml.m5.large"],
            approval_status="PendingManualApproval",
            model_metrics=ModelMetrics(**sources("CalculatedBaseline")),
            drift_check_baselines=DriftCheckBaselines(**sources("BaselineUsedForDriftCheck")),
        )
        register = ModelStep("Register", step_args=registered)
        return [prepare, data_quality, train, create, transform, model_quality, register]


NAMES = ("", "Prepare", "DataQualityCheck", "Train", "Create", "Transform", "ModelQualityCheck", "Register")


@pytest.mark.nightly  # fifteen jobs; test_check_steps has the same steps by day
@pytest.mark.timeout(1200)
def test_the_sample_runs_again_and_again(sdk: SdkPipelines) -> None:
    """First without checks, then against the approved version, then with drifted data."""
    sample = Sample(sdk)
    pipeline = sdk.pipeline("Abalones", sample.steps(), parameters=list(sample.parameters.values()))
    client = sdk.session.sagemaker_client

    first = sdk.run(pipeline, **FIRST)
    assert outcome(first) == dict.fromkeys(NAMES, "Succeeded"), first.list_steps()
    [package] = client.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    package = client.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    parts = ("ModelQuality", "ModelDataQuality")
    assert {part: package["ModelMetrics"][part] for part in parts} == package["DriftCheckBaselines"]
    client.update_model_package(ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Approved")

    second = sdk.run(pipeline)
    assert outcome(second) == dict.fromkeys(NAMES, "Succeeded"), second.list_steps()
    latest = client.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"][0]["ModelPackageArn"]
    again = client.describe_model_package(ModelPackageName=latest)
    assert again["DriftCheckBaselines"] == package["DriftCheckBaselines"] and again["ModelMetrics"] != package["ModelMetrics"]

    third = sdk.run(pipeline, Data=raw(sdk, "bad", drifted()))
    assert outcome(third) == {"": "Failed", "Prepare": "Succeeded", "DataQualityCheck": "Failed"}
    found = steps(third)["DataQualityCheck"]
    assert found["FailureReason"].startswith("ClientError: Quality check failed. See violation report: ")
    report = found["Metadata"]["QualityCheck"]["ViolationReport"].removeprefix(f"s3://{sdk.bucket}/")
    assert "baseline_drift_check" in sdk.session.read_s3_file(sdk.bucket, report)


@pytest.mark.nightly  # without the SDK by day in test_check_steps.py
def test_a_check_of_a_local_file_against_a_supplied_baseline(sdk: SdkPipelines) -> None:
    """As the SDK's own integration tests do it."""
    from sagemaker.core.model_monitor.dataset_format import DatasetFormat
    from sagemaker.mlops.workflow.quality_check_step import DataQualityCheckConfig

    sample = Sample(sdk)
    form = DatasetFormat.csv(header=True)
    data = {name: sdk.write(f"{name}.csv", table.to_csv(index=False)) for name, table in {"good": abalones(), "bad": drifted()}.items()}
    files = ("Statistics", "Constraints")
    used = [sample.parameters[name] for name in ("SkipDataQuality", "RegisterDataQuality", *(f"DataQuality{file}" for file in files))]

    def run(name: str, **parameters: Any) -> dict:
        check = sample.check("DataQuality", DataQualityCheckConfig(data[name], form))
        return steps(sdk.run(sdk.pipeline(f"Local-{name}", [check], parameters=used), **parameters))["DataQualityCheck"]

    first = run("good", SkipDataQuality=True, RegisterDataQuality=True)
    assert first["StepStatus"] == "Succeeded", first
    calculated = {file: first["Metadata"]["QualityCheck"][f"CalculatedBaseline{file}"] for file in files}
    failed = run("bad", **{f"DataQuality{file}": uri for file, uri in calculated.items()})
    assert failed["FailureReason"].startswith("ClientError: Quality check failed. See violation report")
    shown = failed["Metadata"]["QualityCheck"]
    assert {file: shown[f"BaselineUsedForDriftCheck{file}"] for file in files} == calculated
    assert (shown["SkipCheck"], shown["RegisterNewBaseline"], shown["ModelPackageGroupName"]) == (False, False, GROUP)


@needs_clarify
@pytest.mark.nightly  # eight jobs, four of which start endpoints
@pytest.mark.timeout(1200)
def test_the_checks_of_clarify_run_again(sdk: SdkPipelines) -> None:
    """The three checks of the sample, first without and then against their own results."""
    from sagemaker.core.clarify import BiasConfig, DataConfig, ModelConfig, ModelPredictedLabelConfig, SHAPConfig
    from sagemaker.core.training.configs import Compute, InputData
    from sagemaker.core.workflow.parameters import ParameterBoolean, ParameterString
    from sagemaker.mlops.workflow.clarify_check_step import (
        ClarifyCheckStep,
        DataBiasCheckConfig,
        ModelBiasCheckConfig,
        ModelExplainabilityCheckConfig,
    )
    from sagemaker.mlops.workflow.model_step import ModelStep
    from sagemaker.mlops.workflow.steps import TrainingStep
    from sagemaker.serve.model_builder import ModelBuilder
    from sagemaker.train import ModelTrainer

    sample, session = Sample(sdk), {"sagemaker_session": sdk.session}
    data = raw(sdk, "clarified", abalones(200))
    trainer = ModelTrainer(
        training_image=XGBOOST,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"objective": "reg:squarederror", "num_round": 5, "max_depth": 3},
        input_data_config=[InputData(channel_name="train", data_source=data, content_type="text/csv")],
        role=ROLE,
        **session,
    )
    train = TrainingStep("Train", step_args=trainer.train())
    model = train.properties.ModelArtifacts.S3ModelArtifacts
    create = ModelStep("Create", step_args=ModelBuilder(s3_model_data_url=model, image_uri=XGBOOST, role_arn=ROLE, **session).build())
    asked = ModelConfig(model_name=create.properties.ModelName, instance_count=1, instance_type="ml.m5.xlarge")
    groups = BiasConfig(label_values_or_threshold=[10.0], facet_name=[2], facet_values_or_threshold=[[0.5]])

    def source(name: str) -> Any:
        place = f"s3://{sdk.bucket}/checked/{name}/analysis_cfg"
        return DataConfig(
            s3_data_input_path=data,
            s3_output_path=sample.place(name),
            label=0,
            dataset_type="text/csv",
            s3_analysis_config_output_path=place,
        )

    shap = SHAPConfig(seed=123, num_samples=10)
    configs = {
        "DataBias": DataBiasCheckConfig(source("DataBias"), groups),
        "ModelBias": ModelBiasCheckConfig(source("ModelBias"), groups, asked, ModelPredictedLabelConfig()),
        "Explained": ModelExplainabilityCheckConfig(source("Explained"), asked, shap),
    }
    flags = {name: ParameterBoolean(name, default_value=False) for name in ("Skip", "Register")}
    supplied = {name: ParameterString(f"Baseline{name}", default_value="") for name in configs}
    checks = [
        ClarifyCheckStep(
            name=name,
            clarify_check_config=config,
            check_job_config=sample.job,
            skip_check=flags["Skip"],
            register_new_baseline=flags["Register"],
            supplied_baseline_constraints=supplied[name],
        )
        for name, config in configs.items()
    ]
    pipeline = sdk.pipeline("Clarified", [train, create, *checks], parameters=[*flags.values(), *supplied.values()])
    names = {"", "Train", "Create", *configs}
    first = sdk.run(pipeline, Skip=True, Register=True)
    assert outcome(first) == dict.fromkeys(names, "Succeeded"), first.list_steps()
    found = {name: steps(first)[name]["Metadata"]["ClarifyCheck"]["CalculatedBaselineConstraints"] for name in configs}
    again = sdk.run(pipeline, **{f"Baseline{name}": uri for name, uri in found.items()})
    assert outcome(again) == dict.fromkeys(names, "Succeeded"), again.list_steps()
    for name in configs:
        shown = steps(again)[name]["Metadata"]["ClarifyCheck"]
        assert shown["BaselineUsedForDriftCheckConstraints"] == found[name] and "ViolationReport" not in shown
