"""Functions as steps: ``@step`` of SDK v3, and notebooks as steps.

Source: `sagemaker.mlops.workflow.function_step` and `sagemaker.core.remote_function` of sagemaker-core 2.27, read 2026-11-28, and AWS's
tests of them (``tests/integ/sagemaker/workflow/test_step_decorator.py`` of aws/sagemaker-python-sdk).
"""

from __future__ import annotations

import io
import tarfile

import nbformat
import pytest

from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN
from tests.localaws.sagemaker.pipelines.sdk_v3 import SdkPipelines, outcome, steps

HOW = {"image_uri": SKLEARN, "instance_type": "ml.m5.large", "role": ROLE}
DISTRIBUTION = "885854791233.dkr.ecr.us-east-1.amazonaws.com/sagemaker-distribution-prod:3-cpu"


@pytest.mark.nightly  # three jobs that import the SDK; by day a notebook is a step
def test_values_go_from_step_to_step_and_decide(sdk: SdkPipelines) -> None:
    from sagemaker.core.workflow.conditions import ConditionLessThan
    from sagemaker.core.workflow.parameters import ParameterInteger
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.function_step import step

    @step(name="Evaluate", **HOW)
    def evaluate(rows: int) -> dict:
        """Judges the model."""
        return {"rmse": rows / 2, "rows": rows}

    @step(name="Register", **HOW)
    def register(found: dict, rows: int) -> tuple:
        import pandas as pd

        return pd.DataFrame({"rmse": [found["rmse"]]}), rows

    parameter = ParameterInteger("Rows", 4)
    found = evaluate(parameter)
    judge = ConditionStep(
        "Judge",
        conditions=[ConditionLessThan(left=found["rmse"], right=5)],
        if_steps=[register(found, found["rows"])],
    )
    pipeline = sdk.pipeline("Functions", [judge], parameters=[parameter])  # the SDK finds the step Evaluate by itself
    good = sdk.run(pipeline)
    assert outcome(good) == {"": "Succeeded", "Evaluate": "Succeeded", "Judge": "Succeeded", "Register": "Succeeded"}
    frame, rows = good.result("Register")
    assert good.result("Evaluate") == {"rmse": 2.0, "rows": 4} and frame.rmse.tolist() == [2.0] and rows == 4
    described = steps(good)["Evaluate"]
    assert described["StepDescription"] == "Judges the model." and described["StepDisplayName"].endswith(".evaluate")


@pytest.mark.nightly  # one more job that imports the SDK
def test_an_exception_is_the_reason_of_the_failure(sdk: SdkPipelines) -> None:
    from sagemaker.core.remote_function.errors import RemoteFunctionError
    from sagemaker.mlops.workflow.function_step import step

    @step(name="Broken", **HOW)
    def broken() -> None:
        raise RuntimeError("no rows")

    execution = sdk.run(sdk.pipeline("Broken", [broken()]))
    assert steps(execution)["Broken"]["FailureReason"].startswith("ClientError: AlgorithmError: RuntimeError('no rows')")
    with pytest.raises(RemoteFunctionError, match="not in Completed status|Failed"):
        execution.result("Broken")


@pytest.mark.nightly  # five jobs that each import the SDK
def test_results_feed_steps_of_other_types_and_modules_travel(sdk: SdkPipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.mlops.workflow.function_step import step
    from sagemaker.mlops.workflow.steps import ProcessingStep

    sdk.write("team_module.py", "WORD = 'packed'\n")
    function = {"IncludeLocalWorkDir": True, "CustomFileFilter": {"IgnoreNamePatterns": ["*.csv"]}}
    configuration = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"RemoteFunction": function}}}}
    monkeypatch.setattr(sdk.session, "sagemaker_config", configuration)

    @step(name="Make", pre_execution_commands=["echo prepared > /tmp/prepared.txt"], environment_variables={"WHO": "me"}, **HOW)
    def make(execution: str) -> list:
        import os
        from pathlib import Path

        import team_module

        return [team_module.WORD, Path("/tmp/prepared.txt").read_text().strip(), os.environ["WHO"], execution]

    @step(name="Count", **HOW)
    def count(uri: str, words: list) -> int:
        return len(uri.split("/")) + len(words)

    words = make(ExecutionVariables.PIPELINE_EXECUTION_ID)
    code = sdk.write("show.py", "import sys\nprint('given', sys.argv[1:])\n")
    processor = ScriptProcessor(
        image_uri=SKLEARN, command=["python3"], sagemaker_session=sdk.session, role=ROLE, instance_count=1, instance_type="ml.m5.large"
    )
    show = ProcessingStep("Show", step_args=processor.run(code=code, arguments=["--word", words[0]]))
    last = count(show.properties.AppSpecification.ImageUri, words)
    execution = sdk.run(sdk.pipeline("Mixed", [show, last]))
    assert set(outcome(execution).values()) == {"Succeeded"}, execution.list_steps()
    assert execution.result("Make") == ["packed", "prepared", "me", execution.arn.rpartition("/")[2]]
    assert execution.result("Count") == 6
    job = steps(execution)["Show"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    described = sdk.session.sagemaker_client.describe_processing_job(ProcessingJobName=job)
    assert described["AppSpecification"]["ContainerArguments"] == ["--word", "packed"]


@pytest.mark.nightly  # test_notebook_jobs.py runs a notebook by day
def test_a_notebook_is_a_step(sdk: SdkPipelines) -> None:
    from sagemaker.core.workflow.parameters import ParameterString
    from sagemaker.mlops.workflow.notebook_job_step import NotebookJobStep

    cells = [nbformat.v4.new_code_cell("word = ''", metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell("print(word)")]
    notebook = sdk.write("report.ipynb", nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    word = ParameterString("Word", "default")
    step = NotebookJobStep(
        name="Report",
        notebook_job_name="daily-report",
        input_notebook=notebook,
        image_uri=DISTRIBUTION,
        kernel_name="python3",
        role=ROLE,
        parameters={"word": word},
    )
    execution = sdk.run(sdk.pipeline("Notebooks", [step], parameters=[word]), Word="given")
    assert outcome(execution) == {"": "Succeeded", "Report": "Succeeded"}, execution.list_steps()
    arn = steps(execution)["Report"]["Metadata"]["TrainingJob"]["Arn"]
    job = sdk.session.sagemaker_client.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    name = job["TrainingJobName"]
    assert name.startswith("daily-report-") and job["HyperParameters"] == {"word": "given"}
    bucket, _, key = job["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://").partition("/")
    body = sdk.session.boto_session.client("s3").get_object(Bucket=bucket, Key=f"{key}/{name}/output/output.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        executed = nbformat.read(archive.extractfile(job["Environment"]["SM_OUTPUT_NOTEBOOK_NAME"]), 4)
    assert [output["text"] for cell in executed.cells for output in cell.outputs] == ["given\n"]
