"""Inputs and outputs of Processing jobs in one line each, and executions that are started, waited for and looked at."""

import time
from typing import Any

import pandas as pd
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)

from course import ProgressLine

RUNNING = ("Executing", "Stopping")


def processing_input(name: str, uri: Any, folder: str) -> ProcessingInput:
    """The objects below ``uri`` are copied to ``folder`` of the container before the script runs."""
    source = ProcessingS3Input(s3_uri=uri, local_path=folder, s3_data_type="S3Prefix", s3_input_mode="File")
    return ProcessingInput(input_name=name, s3_input=source)


def processing_output(name: str, folder: str, uri: Any) -> ProcessingOutput:
    """The files in ``folder`` of the container are copied to ``uri`` after the script has run."""
    target = ProcessingS3Output(s3_uri=uri, local_path=folder, s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=target)


def run(sagemaker: Any, pipeline: str, **parameters: object) -> tuple[str, list[dict]]:
    """Start a pipeline and wait until it ends. Returns the ARN of the execution, and its steps in the order of their starts."""
    execution = start(sagemaker, pipeline, **parameters)
    return execution, wait(sagemaker, execution)


def start(sagemaker: Any, pipeline: str, **parameters: object) -> str:
    """Start a pipeline, and return the ARN of the execution."""
    given = [{"Name": name, "Value": str(value)} for name, value in parameters.items()]
    return sagemaker.start_pipeline_execution(PipelineName=pipeline, PipelineParameters=given)["PipelineExecutionArn"]


def wait(sagemaker: Any, execution: str) -> list[dict]:
    """Wait until an execution ends, and return its steps in the order of their starts."""
    _, pipeline, _, number = execution.split("/")
    with ProgressLine(f"{pipeline} runs") as line:
        while (status := state(sagemaker, execution)) in RUNNING:
            listed = steps_of(sagemaker, execution)
            line.say(f"{pipeline}: {listed[-1]['StepName'] if listed else 'starting'}")
            time.sleep(0.1)
    print(f"{pipeline}, execution {number}: {status}")
    return steps_of(sagemaker, execution)


def state(sagemaker: Any, execution: str) -> str:
    return sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"]


def steps_of(sagemaker: Any, execution: str) -> list[dict]:
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution, SortOrder="Ascending")
    return listed["PipelineExecutionSteps"]


def shown(steps: list[dict]) -> pd.DataFrame:
    """The steps of an execution: how each ended, the execution whose result it took from the cache or as a selective execution, and why
    it failed."""
    rows = []
    for step in steps:
        source = step.get("CacheHitResult") or step.get("SelectiveExecutionResult") or {}
        taken = source.get("SourcePipelineExecutionArn", "").rpartition("/")[2]
        rows.append((step["StepName"], step["StepStatus"], taken, step.get("FailureReason", "")))
    return pd.DataFrame(rows, columns=["step", "status", "result of", "failure reason"])


def log_of(aws: Any, step: dict) -> list[str]:
    """The lines of a step's failure reason, and of the log of its job, if it has one."""
    lines = step.get("FailureReason", "").splitlines()
    for kind in ("Processing", "Training"):
        if job := step.get("Metadata", {}).get(f"{kind}Job"):
            # The ARN of a job is in small letters. Its log has the job's name, with capitals.
            describe = getattr(aws.client("sagemaker"), f"describe_{kind.lower()}_job")
            name = describe(**{f"{kind}JobName": job["Arn"].rpartition("/")[2]})[f"{kind}JobName"]
            stream = {"logGroupName": f"/aws/sagemaker/{kind}Jobs", "logStreamNamePrefix": f"{name}/"}
            lines += [event["message"] for event in aws.client("logs").filter_log_events(**stream)["events"]]
    return lines
