"""The operations that start, change, stop and retry executions.

Source: API reference and botocore's model of these operations, read 2026-11-28; the text for an execution that cannot be stopped is from
the SageMaker hook of Apache Airflow.
"""

from __future__ import annotations

import asyncio
import secrets
import string

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.events.targets import PipelineTarget
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.experiments.experiments import by
from course.localaws.sagemaker.pipelines import experiments, rerun, scope, selection, tokens
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, PIPELINE, RUNNING, execution_name, name_of, shown
from course.localaws.sagemaker.pipelines.language import parameters
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.runs.runner import ExecutionRunner
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from course.localaws.sagemaker.pipelines.triggers import starter
from course.localaws.sagemaker.pipelines.versions import Versions

ID_LENGTH = 12
MOST_PARALLEL_STEPS = 50
CONCURRENT = "Maximum number of concurrent pipeline executions allowed per account"
_GIVEN = ("PipelineExecutionDisplayName", "PipelineExecutionDescription", "SelectiveExecutionConfig")
_CHANGEABLE = ("PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration")


class Executions:
    """Start, change, stop and retry executions."""

    def __init__(self, platform: Platform, engine: ResourceEngine, runner: ExecutionRunner, versions: Versions) -> None:
        self._platform, self._engine, self._runner, self._versions = platform, engine, runner, versions
        self.operations: dict[str, Operation] = {
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "RetryPipelineExecution": self.retry,
            "UpdatePipelineExecution": self.update,
        }
        platform.events.targets.add(PipelineTarget(starter(platform, self.begin)))

    async def start(self, context: Context, params: dict) -> dict:
        return {"PipelineExecutionArn": await asyncio.to_thread(self.begin, context, params)}  # it waits for IAM

    def begin(self, context: Context, params: dict) -> str:
        """Check a request, store the new execution, start it, and return its ARN. Waits for IAM, so do not call it in the event loop.

        Raises AwsError with the errors of StartPipelineExecution.
        """
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        if "RoleArn" in params:
            raise invalid("RoleArn can only be specified for a pipeline that AWS manages; an execution uses the role of its pipeline.")
        require_role(self._platform, pipeline["RoleArn"])
        with self._versions.changing:
            asked = {"PipelineName": pipeline["PipelineName"], "_token": params["ClientRequestToken"]}
            for summary in self._engine.page(context, EXECUTION, asked)[0]:
                if tokens.is_repeated(self._engine.get(context, EXECUTION, summary["_name"]), params):
                    return summary["PipelineExecutionArn"]
            quotas.check(context, CONCURRENT, 1, self._runner.running(context))
            pipeline = self._engine.get(context, PIPELINE, pipeline["PipelineName"])
            return self._create(context, pipeline, params)

    def _create(self, context: Context, pipeline: Document, params: dict) -> str:
        version = self._versions.find(context, pipeline, params)
        definition = parse(version["_definition"], frozenset(TYPES))
        id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(ID_LENGTH))
        name, now = f"{pipeline['PipelineName']}/execution/{id}", self._engine.now()
        parallel = {"MaxParallelExecutionSteps": MOST_PARALLEL_STEPS}
        document = shown(params, _GIVEN) | {
            "PipelineName": pipeline["PipelineName"],
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineVersionId": version["PipelineVersionId"],
            "PipelineExecutionStatus": "Executing",
            "ParallelismConfiguration": params.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration") or parallel,
            "RoleArn": pipeline["RoleArn"],
            "_parameters": parameters.values(definition.parameters, params.get("PipelineParameters", ())),
            "_steps": {},
        }
        document |= tokens.stamp(params) | by(context, "CreatedBy") | by(context, "LastModifiedBy")
        document.setdefault("PipelineExecutionDisplayName", f"execution-{int(now * 1000)}")
        if "SelectiveExecutionConfig" in params:
            document |= self._selected(context, pipeline, definition, params["SelectiveExecutionConfig"])
        if "MlflowExperimentName" in params:
            document["MLflowConfig"] = {"MlflowExperimentName": params["MlflowExperimentName"]}
        variables = scope.variables(
            document | {"PipelineExecutionArn": self._engine.arn_of(context, EXECUTION, name), "CreationTime": now}, now
        )
        if config := experiments.config_of(definition, document["_parameters"], variables):
            document["PipelineExperimentConfig"] = config
        arn = self._engine.create(context, EXECUTION, name, document)
        self._engine.update(context, PIPELINE, pipeline["PipelineName"], {"LastRunTime": now})
        self._versions.started(context, version, arn)
        self._runner.submit(context, self._engine.get(context, EXECUTION, name))
        return arn

    def _selected(self, context: Context, pipeline: Document, definition: Definition, config: dict) -> dict:
        """The members of an execution that runs only selected steps. Raises AwsError."""
        names, source, types = selection.names_of(definition, config), None, {}
        if arn := config.get("SourcePipelineExecutionArn"):
            source = self._engine.get(context, EXECUTION, execution_name(context, arn))
            if source["PipelineArn"] != pipeline["PipelineArn"]:
                raise invalid(f"Invalid SourcePipelineExecutionArn: {arn}. It is an execution of another pipeline.")
            if source["PipelineExecutionStatus"] in RUNNING:
                raise invalid(f"Invalid SourcePipelineExecutionArn: {arn}. The execution has not ended.")
            types = {name: step.type for name, step in self._runner.definition(context, source).steps.items()}
        return {"_selected": names, "_steps": selection.taken(definition, names, source, types)}

    def stop(self, context: Context, params: dict) -> dict:
        arn, token = params["PipelineExecutionArn"], params["ClientRequestToken"]

        def changes(document: Document) -> dict:
            status = document["PipelineExecutionStatus"]
            if document.get("_stop_token") == token:
                return {}
            if status != "Executing":
                raise invalid(f"Pipeline execution with ARN {arn} status {status}. Only pipelines with 'Executing' status can be stopped.")
            return {"PipelineExecutionStatus": "Stopping", "_stop_token": token} | by(context, "LastModifiedBy")

        self._engine.update(context, EXECUTION, execution_name(context, arn), changes)
        self._runner.wake(arn)
        return {"PipelineExecutionArn": arn}

    async def retry(self, context: Context, params: dict) -> dict:
        return {"PipelineExecutionArn": await asyncio.to_thread(self._retry, context, params)}

    def _retry(self, context: Context, params: dict) -> str:
        arn, name = params["PipelineExecutionArn"], execution_name(context, params["PipelineExecutionArn"])
        require_role(self._platform, self._engine.get(context, EXECUTION, name)["RoleArn"])
        with self._versions.changing:
            document = self._engine.get(context, EXECUTION, name)
            if tokens.is_repeated(document.get("_retry", {}), params):
                return arn
            quotas.check(context, CONCURRENT, 1, self._runner.running(context))
            states = rerun.kept(self._runner.definition(context, document), document)
            changes = {"PipelineExecutionStatus": "Executing", "FailureReason": None, "_end": None, "_stop_token": None}
            changes |= {"_steps": states, "_retry": tokens.stamp(params)} | shown(params, ("ParallelismConfiguration",))
            document = self._engine.update(context, EXECUTION, name, changes | by(context, "LastModifiedBy"))
            self._runner.submit(context, document)
        return arn

    def update(self, context: Context, params: dict) -> dict:
        arn = params["PipelineExecutionArn"]
        changes = shown(params, _CHANGEABLE) | by(context, "LastModifiedBy")
        self._engine.update(context, EXECUTION, execution_name(context, arn), changes)
        self._runner.wake(arn)
        return {"PipelineExecutionArn": arn}
