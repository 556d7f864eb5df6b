"""Measures pipelines: what a step adds to its job, whether independent steps overlap, a list of 1,000 executions, and parsing a definition.

The steps that overlap wait for a second each, as for data. Four run at a time, because a new account has no more processing instances.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks import systems
from benchmarks.rows import Row, p50_in_turns, seconds
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from course.localaws.server import launch

STEPS, PARSED_WITHIN = 50, 50.0  # steps of a definition; milliseconds
RUNS, LISTINGS = 3, 5
JOBS, EXECUTIONS = 10, 1_000
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
RUNNING = ("Executing", "Stopping")
NOTHING: list[dict] = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]


def measure() -> list[Row]:
    with launch.temporary() as handle:
        sagemaker = systems.client_of(handle)("sagemaker")
        return [*_added(sagemaker), _overlap(sagemaker), _listing(sagemaker), _parsing()]


def _added(sagemaker: Any) -> list[Row]:
    """What a step adds: one whose job ends at once, and one that has no job."""
    _create(sagemaker, "job", [_step("only", ["/bin/true"])])
    _create(sagemaker, "chain", [_nothing(f"s{number}", *([f"s{number - 1}"] if number else [])) for number in range(JOBS)])
    _create(sagemaker, "one", [_nothing("s0")])
    _run(sagemaker, "job")
    _alone(sagemaker, "first")
    jobs = [(_run(sagemaker, "job"), _alone(sagemaker, f"alone-{run}")) for run in range(RUNS)]
    chains = [(_run(sagemaker, "chain") / JOBS, _run(sagemaker, "one")) for _ in range(RUNS)]
    return [
        Row("a step and its execution", "s", *_columns(jobs), "its job alone", "difference", 0.5),
        Row(f"each of {JOBS} steps without a job, in a chain", "s", *_columns(chains), "an execution of one", "measured", 0.5),
    ]


def _overlap(sagemaker: Any) -> Row:
    _create(sagemaker, "wide", [_step(f"s{number}", ["/bin/sleep", "1"]) for number in range(JOBS)])
    pairs = [(_run(sagemaker, "wide", parallel=4), _run(sagemaker, "wide", parallel=1)) for _ in range(RUNS)]
    return Row(f"{JOBS} independent steps, four at a time", "s", *_columns(pairs), "one at a time", "ratio", 0.6)


def _listing(sagemaker: Any) -> Row:
    """All pages of ListPipelineExecutions, beside as many lists of the five pipelines."""
    _create(sagemaker, "listed", [_nothing("s0")])
    for _ in range(EXECUTIONS):
        _start(sagemaker, "listed")
    pages = _page_requests(sagemaker)
    listed = [sum(seconds(page) for page in pages) * 1000 for _ in range(LISTINGS + 1)][1:]
    short = systems.sent(lambda client: client.list_pipelines(), sagemaker)
    baseline = [sum(seconds(short) for _ in pages) * 1000 for _ in range(LISTINGS)]
    return Row(f"list {EXECUTIONS} executions, all pages", "ms", listed, baseline, "as many short lists", "measured", 100)


def _parsing() -> Row:
    """Parsing and checking a definition, beside Python's JSON parser alone."""
    text, types = json.dumps(_large_definition(STEPS)), frozenset(TYPES)
    ours, theirs = p50_in_turns(lambda: parse(text, types), lambda: json.loads(text))
    return Row(f"parse a definition of {STEPS} steps", "ms", ours, theirs, "json.loads", "measured", PARSED_WITHIN)


def _page_requests(sagemaker: Any) -> list[Callable[[], None]]:
    """A function for each page, which asks the server for it again."""
    found, token = [], None
    while True:
        asked = {"PipelineName": "listed", "MaxResults": 100} | ({"NextToken": token} if token else {})
        found.append(systems.sent(lambda client, asked=asked: client.list_pipeline_executions(**asked), sagemaker))
        token = sagemaker.list_pipeline_executions(**asked).get("NextToken")
        if not token:
            return found


def _create(sagemaker: Any, name: str, steps: list[dict]) -> None:
    definition = json.dumps({"Version": "2020-12-01", "Steps": steps})
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=definition, RoleArn=systems.ROLE)


def _nothing(name: str, *after: str) -> dict:
    return {
        "Name": name,
        "Type": "Condition",
        "DependsOn": list(after),
        "Arguments": {"Conditions": NOTHING, "IfSteps": [], "ElseSteps": []},
    }


def _step(name: str, command: list[str]) -> dict:
    return {"Name": name, "Type": "Processing", "Arguments": _job(command)}


def _job(command: list[str]) -> dict:
    return {
        "RoleArn": systems.ROLE,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": command},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    }


def _alone(sagemaker: Any, name: str) -> float:
    """Seconds of a job without a pipeline."""
    began = time.perf_counter()
    sagemaker.create_processing_job(ProcessingJobName=name, **_job(["/bin/true"]))
    systems.until(lambda: sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] != "InProgress", name)
    return time.perf_counter() - began


def _start(sagemaker: Any, name: str, **settings: Any) -> str:
    """Start an execution and wait for its end; returns its ARN."""
    arn = sagemaker.start_pipeline_execution(PipelineName=name, **settings)["PipelineExecutionArn"]
    described: dict = {}

    def ended() -> bool:
        described.update(sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn))
        return described["PipelineExecutionStatus"] not in RUNNING

    systems.until(ended, arn)
    if described["PipelineExecutionStatus"] != "Succeeded":
        raise RuntimeError(f"{arn}: {described}")
    return arn


def _run(sagemaker: Any, name: str, parallel: int = 0) -> float:
    """Seconds of an execution."""
    settings = {"ParallelismConfiguration": {"MaxParallelExecutionSteps": parallel}} if parallel else {}
    return seconds(lambda: _start(sagemaker, name, **settings))


def _columns(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    ours, theirs = zip(*pairs, strict=True)
    return list(ours), list(theirs)


def _large_definition(steps: int) -> dict:
    """A definition in which each Processing step uses the outputs of the three before it."""
    config = {"ExperimentName": {"Get": "Execution.PipelineName"}, "TrialName": {"Get": "Execution.PipelineExecutionId"}}
    parameters = [{"Name": f"p{number}", "Type": "String", "DefaultValue": "ml.m5.large"} for number in range(20)]
    listed = [_linked_step(number) for number in range(steps)]
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": parameters,
        "PipelineExperimentConfig": config,
        "Steps": listed,
    }


def _linked_step(number: int) -> dict:
    before = [
        {"Get": f"Steps.s{other}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"} for other in range(max(0, number - 3), number)
    ]
    uri = {"Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Execution.PipelineExecutionId"}, f"s{number}"]}}
    output = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    arguments = {
        "RoleArn": systems.ROLE,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/run.py"]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": {"Get": f"Parameters.p{number % 20}"}, "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "ProcessingInputs": [_input(f"in{index}", source) for index, source in enumerate(["s3://bucket/run.py", *before])],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "AppManaged": False, "S3Output": output}]},
        "Environment": {f"VARIABLE_{index}": str(index) for index in range(10)},
    }
    return {"Name": f"s{number}", "Type": "Processing", "Arguments": arguments, "DependsOn": [f"s{number - 1}"] if number else []}


def _input(name: str, source: object) -> dict:
    s3 = {"S3Uri": source, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "AppManaged": False, "S3Input": s3}
