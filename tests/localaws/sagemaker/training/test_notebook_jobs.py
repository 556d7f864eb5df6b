"""Notebook jobs, as `NotebookJobStep` of the SDKs starts them: the driver of SageMaker Distribution runs a notebook.

What AWS keeps and says was read in sagemaker-headless-execution-driver 0.0.13 and in `notebook_job_step` of SDK v3 on 2026-11-28.
"""

from __future__ import annotations

import nbformat
import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, channel

IMAGE = "885854791233.dkr.ecr.us-east-1.amazonaws.com/sagemaker-distribution-prod:3-cpu"
CHANNEL = "sagemaker_headless_execution_pipelinestep"
VARIABLES = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "SM_JOB_DEF_VERSION": "1.0",
    "SM_ENV_NAME": "sagemaker-default-env",
    "SM_SKIP_EFS_SIMULATION": "true",
    "SM_EXECUTION_INPUT_PATH": f"/opt/ml/input/data/{CHANNEL}",
    "SM_KERNEL_NAME": "python3",
    "SM_INPUT_NOTEBOOK_NAME": "report.ipynb",
}


def notebook(*cells: str, parameters: str = "") -> str:
    """The text of a notebook with these code cells, the first of them its parameters if there are any."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    if parameters:
        made.cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return nbformat.writes(made)


def run(aws: JobFixtures, cells: str, files: dict[str, str] | None = None, parameters: dict[str, str] | None = None, **more: str) -> dict:
    """Run a notebook job to its end; returns its description."""
    name = aws.name("notebook")
    for file, text in ({"report.ipynb": cells} | (files or {})).items():
        aws.put(f"{name}/input/{file}", text)
    return aws.trained(
        aws.train(
            name,
            IMAGE,
            entrypoint=["amazon_sagemaker_scheduler"],
            InputDataConfig=[channel(CHANNEL, f"s3://{BUCKET}/{name}/input")],
            HyperParameters=parameters or {},
            EnableInterContainerTrafficEncryption=True,
            Environment=VARIABLES | {"SM_OUTPUT_NOTEBOOK_NAME": f"{name}.ipynb"} | more,
        )
    )


def kept(aws: JobFixtures, job: dict) -> dict[str, bytes]:
    """What the job left in its output."""
    return aws.archive(f"{job['OutputDataConfig']['S3OutputPath']}/{job['TrainingJobName']}/output/output.tar.gz")


def printed(body: bytes) -> list[str]:
    """What each code cell of an executed notebook printed."""
    cells = nbformat.reads(body.decode(), 4).cells
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in cells if cell.cell_type == "code"]


def test_a_notebook_runs_with_its_parameters_files_and_init_script(aws: JobFixtures) -> None:
    cells = notebook(
        "import os\nprint(rows, os.environ['SETTING'], open('near/notes.txt').read())",
        "import boto3\nprint(boto3.client('sts').get_caller_identity()['Arn'].split('/')[1])",
        parameters="rows = 1",
    )
    files = {"near/notes.txt": "here", "init.sh": "export SETTING=mine\necho from the script\n"}
    job = run(aws, cells, files, {"rows": "7"}, SM_INIT_SCRIPT="init.sh")
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    found = kept(aws, job)
    assert set(found) == {"report.ipynb", f"{job['TrainingJobName']}.ipynb", "sagemaker_job_execution.log"}
    assert printed(found[f"{job['TrainingJobName']}.ipynb"]) == ["", "", "7 mine here\n", "SageMakerRole\n"]
    assert printed(found["report.ipynb"]) == ["", "", ""]
    said = ("from the script", "Notebook execution is complete")
    assert set(said) <= set(aws.lines(job["TrainingJobName"]))
    assert all(line in found["sagemaker_job_execution.log"].decode() for line in said)


@pytest.mark.nightly  # a notebook job by day below
def test_a_cell_that_fails_fails_the_job_and_shows_where(aws: JobFixtures) -> None:
    job = run(aws, notebook("print('before')", "1 / 0", "print('after')"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        "AlgorithmError: [SM-111] Error with executing notebook\nUse Kernel python3 to execute report.ipynb"
    )
    found = kept(aws, job)
    assert printed(found[f"{job['TrainingJobName']}.ipynb"])[-1] == "" and b"ZeroDivisionError" in found["sagemaker_job_execution.log"]


@pytest.mark.nightly  # the same path as above
def test_what_is_missing_is_named(aws: JobFixtures) -> None:
    job = run(aws, notebook("1"), SM_INPUT_NOTEBOOK_NAME="other.ipynb")
    assert job["FailureReason"].startswith("AlgorithmError: [SM-001] Error with Prepare the input notebook\nCannot find input notebook")
    job = run(aws, notebook("1"), SM_OUTPUT_NOTEBOOK_NAME="")
    assert job["FailureReason"].startswith("AlgorithmError: [SM-101] Error with executing notebook\nSM_OUTPUT_NOTEBOOK_NAME: ERROR")
    job = run(aws, notebook("1"), SM_KERNEL_NAME="julia")
    assert job["FailureReason"].startswith("AlgorithmError: [SM-101] Error with executing notebook")
    job = run(aws, notebook("1"), {"init.sh": "exit 3"}, SM_INIT_SCRIPT="init.sh")
    assert job["FailureReason"].startswith("AlgorithmError: [SM-101] Error with running init script")


@pytest.mark.nightly  # nbconvert takes its time
def test_the_result_is_also_written_in_other_formats(aws: JobFixtures) -> None:
    job = run(aws, notebook("print(6 * 7)"), SM_OUTPUT_FORMATS="html", SM_OUTPUT_NOTEBOOK_NAME="a-2026-11-28T10:00:00.000Z-.ipynb")
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert {"a-2026-11-28T10-00-00-000Z.ipynb", "a-2026-11-28T10-00-00-000Z.html"} <= set(kept(aws, job))
