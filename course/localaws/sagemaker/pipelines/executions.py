"""The operations on executions of pipelines.

Source: API reference of these operations, read 2026-11-28.
"""

from __future__ import annotations

import asyncio
import secrets
import string

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.pipelines import experiments, scope
from course.localaws.sagemaker.pipelines.kinds import (
    EXECUTION,
    PIPELINE,
    RUNNING,
    VERSION,
    conflict,
    execution_name,
    name_of,
    shown,
    version_name,
)
from course.localaws.sagemaker.pipelines.language import parameters
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.runs.runner import ExecutionRunner
from course.localaws.sagemaker.pipelines.steps.types import TYPES

ID_LENGTH = 12
MOST_PARALLEL_STEPS = 50
_DESCRIBED = (
    "PipelineArn", "PipelineExecutionArn", "PipelineExecutionDisplayName", "PipelineExecutionStatus", "PipelineExecutionDescription",
    "PipelineExperimentConfig", "FailureReason", "CreationTime", "LastModifiedTime", "ParallelismConfiguration",
    "SelectiveExecutionConfig", "PipelineVersionId", "RoleArn",
)  # fmt: skip
_GIVEN = ("PipelineExecutionDisplayName", "PipelineExecutionDescription", "SelectiveExecutionConfig")


class Executions:
    """Start, stop, retry, describe and list executions."""

    def __init__(self, platform: Platform, engine: ResourceEngine, runner: ExecutionRunner) -> None:
        self._platform, self._engine, self._runner = platform, engine, runner
        self.operations: dict[str, Operation] = {
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "DescribePipelineExecution": self.describe,
            "UpdatePipelineExecution": self.update,
            "ListPipelineExecutions": self.list,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
            "DescribePipelineDefinitionForExecution": self.describe_definition,
        }

    async def start(self, context: Context, params: dict) -> dict:
        return {"PipelineExecutionArn": await asyncio.to_thread(self.begin, context, params)}  # it waits for IAM

    def begin(self, context: Context, params: dict) -> str:
        """Check a request, store the new execution, start it, and return its ARN. Waits for IAM, so do not call it in the event loop.

        Raises AwsError with the errors of StartPipelineExecution.
        """
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        name, number = pipeline["PipelineName"], params.get("PipelineVersionId", pipeline["_version"])
        version = self._engine.get(context, VERSION, version_name(name, number))
        role = params.get("RoleArn", pipeline["RoleArn"])
        require_role(self._platform, role)
        definition = parse(version["_definition"], frozenset(TYPES))
        id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(ID_LENGTH))
        parallel = {"MaxParallelExecutionSteps": MOST_PARALLEL_STEPS}
        document = {member: params[member] for member in _GIVEN if member in params} | {
            "PipelineName": name,
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineVersionId": number,
            "PipelineExecutionStatus": "Executing",
            "ParallelismConfiguration": params.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration") or parallel,
            "RoleArn": role,
            "_parameters": parameters.values(definition.parameters, params.get("PipelineParameters", ())),
            "_steps": {},
        }
        document.setdefault("PipelineExecutionDisplayName", f"execution-{int(self._engine.now() * 1000)}")
        arn, now = self._engine.arn_of(context, EXECUTION, f"{name}/execution/{id}"), self._engine.now()
        variables = scope.variables(document | {"PipelineExecutionArn": arn, "CreationTime": now}, now)
        if config := experiments.config_of(definition, document["_parameters"], variables):
            document["PipelineExperimentConfig"] = config
        self._engine.create(context, EXECUTION, f"{name}/execution/{id}", document)
        self._engine.update(context, PIPELINE, name, {"LastRunTime": self._engine.now()})
        self._runner.submit(context, self._engine.get(context, EXECUTION, f"{name}/execution/{id}"))
        return arn

    def stop(self, context: Context, params: dict) -> dict:
        arn = params["PipelineExecutionArn"]

        def changes(document: Document) -> dict:
            status = document["PipelineExecutionStatus"]
            if status not in RUNNING:
                raise conflict(f"Pipeline execution with ARN {arn} cannot be stopped: its status is {status}.")
            return {"PipelineExecutionStatus": "Stopping"}

        self._engine.update(context, EXECUTION, execution_name(context, arn), changes)
        self._runner.wake(arn)
        return {"PipelineExecutionArn": arn}

    def describe(self, context: Context, params: dict) -> dict:
        return shown(self._get(context, params), _DESCRIBED)

    def update(self, context: Context, params: dict) -> dict:
        members = ("PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration")
        arn = params["PipelineExecutionArn"]
        self._engine.update(context, EXECUTION, execution_name(context, arn), shown(params, members))
        self._runner.wake(arn)
        return {"PipelineExecutionArn": arn}

    def list(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        asked = {"PipelineName": pipeline["PipelineName"]} | shown(params, ("SortOrder", "MaxResults", "NextToken"))
        asked |= {f"CreationTime{word}": params[f"Created{word}"] for word in ("After", "Before") if f"Created{word}" in params}
        asked["SortBy"] = "Name" if params.get("SortBy") == "PipelineExecutionArn" else "CreationTime"
        summaries, token = self._engine.page(context, EXECUTION, asked)
        return {"PipelineExecutionSummaries": [_summary(each) for each in summaries], "NextToken": token}

    def list_steps(self, context: Context, params: dict) -> dict:
        document = self._get(context, params)
        steps = [dict(state) | {"_number": number} for number, state in enumerate(document["_steps"].values())]
        steps, token = paging.page(steps, "_number", lambda step: step["StartTime"], params)
        return {"PipelineExecutionSteps": steps, "NextToken": token}

    def list_parameters(self, context: Context, params: dict) -> dict:
        found = self._get(context, params)["_parameters"]
        listed = [{"Name": name, "Value": value if isinstance(value, str) else str(value)} for name, value in found.items()]
        shown_parameters, token = paging.page(listed, "Name", lambda item: item["Name"], params | {"SortOrder": "Ascending"})
        return {"PipelineParameters": shown_parameters, "NextToken": token}

    def describe_definition(self, context: Context, params: dict) -> dict:
        document = self._get(context, params)
        version = self._engine.get(context, VERSION, version_name(document["PipelineName"], document["PipelineVersionId"]))
        return {"PipelineDefinition": version["_definition"], "CreationTime": version["CreationTime"]}

    def _get(self, context: Context, params: dict) -> Document:
        return self._engine.get(context, EXECUTION, execution_name(context, params["PipelineExecutionArn"]))


def _summary(summary: dict) -> dict:
    """An execution's summary in ListPipelineExecutions, from the engine's."""
    members = ("PipelineExecutionArn", "PipelineExecutionStatus", "PipelineExecutionDescription", "PipelineExecutionDisplayName")
    more = {"StartTime": summary["CreationTime"]} | (
        {"PipelineExecutionFailureReason": summary["FailureReason"]} if "FailureReason" in summary else {}
    )
    return shown(summary, members) | more
