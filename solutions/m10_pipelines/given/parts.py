"""Short ways to write what every step of this lesson needs."""

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


def brought(name: str, uri: Any, folder: str) -> ProcessingInput:
    """An input: the objects below ``uri`` are copied to ``folder`` before the script runs."""
    source = ProcessingS3Input(s3_uri=uri, local_path=folder, s3_data_type="S3Prefix", s3_input_mode="File")
    return ProcessingInput(input_name=name, s3_input=source)


def left(name: str, folder: str, uri: Any) -> ProcessingOutput:
    """An output: the files in ``folder`` are copied to ``uri`` after the script."""
    target = ProcessingS3Output(s3_uri=uri, local_path=folder, s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=target)


def run(sagemaker: Any, pipeline: str, **parameters: object) -> tuple[str, list[dict]]:
    """Start a pipeline, wait until it ends, and return the ARN of the execution and its steps, the first one first."""
    given = [{"Name": name, "Value": str(value)} for name, value in parameters.items()]
    arn = sagemaker.start_pipeline_execution(PipelineName=pipeline, PipelineParameters=given)["PipelineExecutionArn"]
    with ProgressLine(f"{pipeline} runs") as line:
        while (status := state(sagemaker, arn)) in RUNNING:
            listed = steps_of(sagemaker, arn)
            line.say(f"{pipeline}: {listed[-1]['StepName'] if listed else 'starting'}")
            time.sleep(0.2)
    print(f"{pipeline}, {parameters}: {status}")
    return arn, steps_of(sagemaker, arn)


def state(sagemaker: Any, arn: str) -> str:
    return sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]


def steps_of(sagemaker: Any, arn: str) -> list[dict]:
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return listed["PipelineExecutionSteps"]
