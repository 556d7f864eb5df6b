"""Inputs and outputs of Processing jobs in one line each, and executions that are started and waited for."""

import time
from typing import Any

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
            time.sleep(0.2)
    print(f"{pipeline}, execution {number}: {status}")
    return steps_of(sagemaker, execution)


def state(sagemaker: Any, execution: str) -> str:
    return sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"]


def steps_of(sagemaker: Any, execution: str) -> list[dict]:
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution, SortOrder="Ascending")
    return listed["PipelineExecutionSteps"]
