"""The operations on pipelines and their versions.

Source: API reference of these operations, read 2026-11-28. A version is made when a pipeline is created, and when an update changes its
definition.
"""

from __future__ import annotations

import asyncio

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import DataError, JobData
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.pipelines import cache
from course.localaws.sagemaker.pipelines.callbacks import Callbacks
from course.localaws.sagemaker.pipelines.executions import Executions
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, PIPELINE, RUNNING, VERSION, conflict, name_of, shown, version_name
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.runs.runner import ExecutionRunner
from course.localaws.sagemaker.pipelines.steps.types import TYPES

LARGEST_DEFINITION = 1 << 20  # bytes
_CHANGEABLE = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
_VERSION_MEMBERS = ("PipelineVersionDisplayName", "PipelineVersionDescription", "PipelineVersionAliases")


class Pipelines(Family):
    """Pipelines, their versions and their executions."""

    kinds = (PIPELINE,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._runner = ExecutionRunner(platform, engine)
        self.operations: dict[str, Operation] = {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self.describe,
            "ListPipelines": self.list,
            "DeletePipeline": self.delete,
            "ListPipelineVersions": self.list_versions,
            "UpdatePipelineVersion": self.update_version,
            **Executions(platform, engine, self._runner).operations,
            **Callbacks(engine, self._runner).operations,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, context, params)  # it waits for IAM

    async def update(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._update, context, params)

    def describe(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        version = find_version(self._engine, context, pipeline, params)
        return pipeline | {"PipelineDefinition": version["_definition"]} | shown(version, _VERSION_MEMBERS)

    def list(self, context: Context, params: dict) -> dict:
        prefix = params.get("PipelineNamePrefix", "").lower()
        asked = {new: params[old] for old, new in _TIMES.items() if old in params}
        asked |= {member: params[member] for member in ("SortBy", "SortOrder", "MaxResults", "NextToken") if member in params}
        summaries, token = self._engine.page(context, PIPELINE, asked | ({"NamePrefix": prefix} if prefix else {}))
        return {"PipelineSummaries": summaries, "NextToken": token}

    def delete(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, params["PipelineName"])
        executions = [each for each in self._engine.documents(context, EXECUTION) if each["PipelineArn"] == pipeline["PipelineArn"]]
        if any(each["PipelineExecutionStatus"] in RUNNING for each in executions):
            raise conflict(f"The pipeline {params['PipelineName']} cannot be deleted while an execution of it runs.")
        for each in executions:
            self._engine.delete(context, EXECUTION, each["_name"])
        cache.forget(self._engine, context, pipeline["PipelineName"])
        for version in self._versions(context, pipeline):
            self._engine.delete(context, VERSION, version["_name"])
        self._engine.delete(context, PIPELINE, pipeline["PipelineName"])
        return {"PipelineArn": pipeline["PipelineArn"]}

    def list_versions(self, context: Context, params: dict) -> dict:
        raise NotImplementedError

    def update_version(self, context: Context, params: dict) -> dict:
        raise NotImplementedError

    def recover(self) -> None:
        self._runner.recover()

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _create(self, context: Context, params: dict) -> dict:
        name = params["PipelineName"]
        require_role(self._platform, params["RoleArn"])
        definition = self._definition(context, params, params["RoleArn"])
        document = {member: params[member] for member in _CHANGEABLE if member in params}
        document = {"PipelineDisplayName": name} | document | {"PipelineStatus": "Active", "_version": 1}
        arn = self._engine.create(context, PIPELINE, name, document, params.get("Tags", ()))
        self._add_version(context, name, arn, 1, definition, params)
        return {"PipelineArn": arn}

    def _update(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, params["PipelineName"])
        name, arn, number = pipeline["PipelineName"], pipeline["PipelineArn"], pipeline["_version"]
        changes = {member: params[member] for member in _CHANGEABLE if member in params}
        if "RoleArn" in params:
            require_role(self._platform, params["RoleArn"])
        if "PipelineDefinition" in params or "PipelineDefinitionS3Location" in params:
            definition = self._definition(context, params, params.get("RoleArn", pipeline["RoleArn"]))
            number += 1
            self._add_version(context, name, arn, number, definition, params)
        self._engine.update(context, PIPELINE, name, changes | {"_version": number})
        return {"PipelineArn": arn, "PipelineVersionId": number}

    def _definition(self, context: Context, params: dict, role: str) -> str:
        """The definition that a request gives, as text. Raises AwsError if it cannot run."""
        if ("PipelineDefinition" in params) == ("PipelineDefinitionS3Location" in params):
            raise invalid("Exactly one of PipelineDefinition and PipelineDefinitionS3Location must be given.")
        text = params.get("PipelineDefinition") or self._from_s3(params["PipelineDefinitionS3Location"], role)
        parse(text, frozenset(TYPES))
        return text

    def _from_s3(self, place: dict, role: str) -> str:
        if "VersionId" in place:
            raise AwsError("NotSupportedByLocalAws", "The local AWS does not support VersionId of PipelineDefinitionS3Location.")
        data = JobData(self._platform, PIPELINE.arn, role)
        try:
            data.require_read(place["Bucket"], place["ObjectKey"])
            with data.open(place["Bucket"], place["ObjectKey"]) as file:
                content = file.read(LARGEST_DEFINITION + 1)
        except DataError as error:
            raise invalid(f"Unable to read the pipeline definition: {error}") from error
        if len(content) > LARGEST_DEFINITION:
            raise invalid(f"The pipeline definition is larger than {LARGEST_DEFINITION} bytes.")
        return content.decode(errors="replace")

    def _add_version(self, context: Context, name: str, arn: str, number: int, definition: str, params: dict) -> None:
        document = {"PipelineArn": arn, "PipelineVersionId": number, "_definition": definition} | shown(params, _VERSION_MEMBERS)
        self._engine.create(context, VERSION, version_name(name, number), document)

    def _versions(self, context: Context, pipeline: Document) -> list[Document]:
        return [each for each in self._engine.documents(context, VERSION) if each["PipelineArn"] == pipeline["PipelineArn"]]


_TIMES = {"CreatedAfter": "CreationTimeAfter", "CreatedBefore": "CreationTimeBefore"}


def find_version(engine: ResourceEngine, context: Context, pipeline: Document, params: dict) -> Document:
    """The version of a pipeline that a request names by id or alias; by default the latest. Raises AwsError ``ResourceNotFound``."""
    number = params.get("PipelineVersionId", pipeline["_version"])
    return engine.get(context, VERSION, version_name(pipeline["PipelineName"], number))
