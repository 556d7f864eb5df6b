"""The operations on pipelines and their versions.

Source: API reference of these operations, read 2026-11-28.
"""

from __future__ import annotations

import asyncio

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import DataError, JobData
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.experiments.experiments import by
from course.localaws.sagemaker.pipelines import cache, tokens
from course.localaws.sagemaker.pipelines.callbacks import Callbacks
from course.localaws.sagemaker.pipelines.events import PipelineEvents
from course.localaws.sagemaker.pipelines.executions import Executions
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, PIPELINE, RUNNING, VERSION, conflict, name_of, renamed, shown
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.runs.runner import ExecutionRunner
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from course.localaws.sagemaker.pipelines.versions import Versions
from course.localaws.sagemaker.pipelines.views import ExecutionViews

LARGEST_DEFINITION = 1 << 20  # bytes
_CHANGEABLE = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
_VERSION_MEMBERS = ("PipelineVersionDisplayName", "PipelineVersionDescription", "PipelineVersionAliases")
QUOTA = "Maximum number of pipelines allowed per account"


class Pipelines(Family):
    """Pipelines, their versions and their executions."""

    kinds = (PIPELINE,)
    parts = (VERSION, EXECUTION)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._runner, self._versions = ExecutionRunner(platform, engine), Versions(engine)
        self.listeners = (PipelineEvents(platform, engine), self._runner)
        self.operations: dict[str, Operation] = {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self.describe,
            "ListPipelines": self.list,
            "DeletePipeline": self.delete,
            **self._versions.operations,
            **Executions(platform, engine, self._runner, self._versions).operations,
            **ExecutionViews(engine, self._versions).operations,
            **Callbacks(engine, self._runner).operations,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, context, params)  # it waits for IAM

    async def update(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._update, context, params)

    def describe(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        version = self._versions.find(context, pipeline, params)
        return pipeline | {"PipelineDefinition": version["_definition"]} | shown(version, _VERSION_MEMBERS)

    def list(self, context: Context, params: dict) -> dict:
        asked = renamed(params) | ({"NamePrefix": params["PipelineNamePrefix"]} if "PipelineNamePrefix" in params else {})
        if params.get("ManagedBy") == "AWS":
            return {"PipelineSummaries": []}
        summaries, token = self._engine.page(context, PIPELINE, asked)
        return {"PipelineSummaries": [_summary(each) for each in summaries], "NextToken": token}

    def delete(self, context: Context, params: dict) -> dict:
        with self._versions.changing:
            pipeline = self._engine.get(context, PIPELINE, params["PipelineName"])
            executions = [each for each in self._engine.documents(context, EXECUTION) if each["PipelineArn"] == pipeline["PipelineArn"]]
            if any(each["PipelineExecutionStatus"] in RUNNING for each in executions):
                raise conflict(f"The pipeline {params['PipelineName']} cannot be deleted while an execution of it runs.")
            self._engine.delete(context, PIPELINE, pipeline["PipelineName"])  # first: after a crash, `recover` deletes the parts
            self._delete_parts(context, pipeline, executions)
        return {"PipelineArn": pipeline["PipelineArn"]}

    def recover(self) -> None:
        for context, execution in list(self._engine.every(EXECUTION)):
            if self._engine.find(context, PIPELINE, execution["PipelineName"]) is None:
                self._engine.delete(context, EXECUTION, execution["_name"])
        self._versions.recover()
        self._runner.recover()

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _delete_parts(self, context: Context, pipeline: Document, executions: list[Document]) -> None:
        for each in executions:
            self._engine.delete(context, EXECUTION, each["_name"])
        cache.forget(self._engine, context, pipeline["PipelineName"])
        self._versions.delete_all(context, pipeline["PipelineArn"])

    def _create(self, context: Context, params: dict) -> dict:
        name = params["PipelineName"]
        require_role(self._platform, params["RoleArn"])
        definition = self._definition(context, params, params["RoleArn"])
        with self._versions.changing:
            known = self._engine.find(context, PIPELINE, name)
            if known and tokens.is_repeated(known, params):
                return {"PipelineArn": known["PipelineArn"]}
            quotas.check(context, QUOTA, 1, len(self._engine.documents(context, PIPELINE)))
            document = shown(params, _CHANGEABLE) | tokens.stamp(params) | by(context, "CreatedBy") | by(context, "LastModifiedBy")
            document = {"PipelineDisplayName": name} | document | {"PipelineStatus": "Active", "_version": 1}
            if not known:  # the version first, so that no crash leaves a pipeline without one
                new = {"PipelineName": name, "PipelineArn": self._engine.arn_of(context, PIPELINE, name)}
                self._versions.put(context, new, 1, definition, params.get("PipelineVersionAliases", []))
            return {"PipelineArn": self._engine.create(context, PIPELINE, name, document, params.get("Tags", ()))}

    def _update(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, params["PipelineName"])
        if "RoleArn" in params:
            require_role(self._platform, params["RoleArn"])
        definition = None
        if "PipelineDefinition" in params or "PipelineDefinitionS3Location" in params:
            definition = self._definition(context, params, params.get("RoleArn", pipeline["RoleArn"]))
        with self._versions.changing:
            pipeline = self._engine.get(context, PIPELINE, params["PipelineName"])
            number, aliases = pipeline["_version"], params.get("PipelineVersionAliases", [])
            if definition is not None and definition != self._versions.find(context, pipeline, {})["_definition"]:
                number += 1
                self._versions.put(context, pipeline, number, definition, aliases)
            elif aliases:
                raise invalid("PipelineVersionAliases can be specified only when the update changes the pipeline definition.")
            changes = shown(params, _CHANGEABLE) | {"_version": number} | by(context, "LastModifiedBy")
            self._engine.update(context, PIPELINE, pipeline["PipelineName"], changes)
        return {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": number}

    def _definition(self, context: Context, params: dict, role: str) -> str:
        """The definition that a request gives, as text. Raises AwsError if it cannot run."""
        if ("PipelineDefinition" in params) == ("PipelineDefinitionS3Location" in params):
            raise invalid("Exactly one of PipelineDefinition and PipelineDefinitionS3Location must be given.")
        text = params.get("PipelineDefinition") or self._from_s3(params["PipelineDefinitionS3Location"], role)
        parse(text, frozenset(TYPES))
        return text

    def _from_s3(self, place: dict, role: str) -> str:
        data = JobData(self._platform, PIPELINE.arn, role)
        object_version = (place["Bucket"], place["ObjectKey"], place.get("VersionId"))
        try:
            data.require_read(*object_version)
            with data.open(*object_version) as file:
                content = file.read(LARGEST_DEFINITION + 1)
        except DataError as error:
            raise invalid(f"Unable to read the pipeline definition: {error}") from error
        if len(content) > LARGEST_DEFINITION:
            raise invalid(f"The pipeline definition is larger than {LARGEST_DEFINITION} bytes.")
        return content.decode(errors="replace")


def _summary(summary: dict) -> dict:
    """A pipeline's summary in ListPipelines, from the engine's."""
    named = {"LastRunTime": "LastExecutionTime"}
    return {named.get(member, member): value for member, value in summary.items() if member != "PipelineStatus"}
