"""The operations that describe and list executions.

Source: API reference of these operations, read 2026-11-28. It does not say how long a page is without MaxResults. One answer of
ListPipelineParametersForExecution in the notebook Selective_Execution_Abalone of amazon-sagemaker-examples has fourteen parameters.
"""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, PIPELINE, VERSION, execution_name, name_of, renamed, shown, version_name
from course.localaws.sagemaker.pipelines.searched import parameters
from course.localaws.sagemaker.pipelines.versions import Versions

_DESCRIBED = (
    "PipelineArn", "PipelineExecutionArn", "PipelineExecutionDisplayName", "PipelineExecutionStatus", "PipelineExecutionDescription",
    "PipelineExperimentConfig", "FailureReason", "CreationTime", "LastModifiedTime", "CreatedBy", "LastModifiedBy",
    "ParallelismConfiguration", "SelectiveExecutionConfig", "PipelineVersionId", "MLflowConfig",
)  # fmt: skip
_PARAMETERS = 100  # the most in a page, and so many unless the caller asks for fewer


class ExecutionViews:
    """Describe and list executions."""

    def __init__(self, engine: ResourceEngine, versions: Versions) -> None:
        self._engine, self._versions = engine, versions
        self.operations: dict[str, Operation] = {
            "DescribePipelineExecution": self.describe,
            "ListPipelineExecutions": self.list,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
            "DescribePipelineDefinitionForExecution": self.describe_definition,
        }

    def describe(self, context: Context, params: dict) -> dict:
        document = self._get(context, params)
        aliases = self._versions.aliases(context, document["PipelineArn"]).get(document["PipelineVersionId"])
        return shown(document, _DESCRIBED) | ({"PipelineVersionAliases": aliases} if aliases else {})

    def list(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        asked = renamed(params) | {"PipelineName": pipeline["PipelineName"]}
        asked["SortBy"] = "PipelineExecutionArn" if params.get("SortBy") == "PipelineExecutionArn" else "CreationTime"
        if "PipelineVersionAlias" in params:
            asked["PipelineVersionId"] = self._versions.number_of(context, pipeline, params["PipelineVersionAlias"])
        summaries, token = self._engine.page(context, EXECUTION, asked)
        aliases = self._versions.aliases(context, pipeline["PipelineArn"])
        return {"PipelineExecutionSummaries": [_summary(each, aliases) for each in summaries], "NextToken": token}

    def list_steps(self, context: Context, params: dict) -> dict:
        document = self._get(context, params)
        steps = [dict(state) | {"_number": number} for number, state in enumerate(document["_steps"].values())]
        steps, token = paging.page(steps, "_number", lambda step: step["StartTime"], params)
        return {"PipelineExecutionSteps": steps, "NextToken": token}

    def list_parameters(self, context: Context, params: dict) -> dict:
        listed = parameters(self._get(context, params))
        asked = {"MaxResults": _PARAMETERS} | params | {"SortOrder": "Ascending"}
        page, token = paging.page(listed, "Name", lambda item: item["Name"], asked)
        return {"PipelineParameters": page, "NextToken": token}

    def describe_definition(self, context: Context, params: dict) -> dict:
        document = self._get(context, params)
        version = self._engine.get(context, VERSION, version_name(document["PipelineName"], document["PipelineVersionId"]))
        return {"PipelineDefinition": version["_definition"], "CreationTime": version["CreationTime"]}

    def _get(self, context: Context, params: dict) -> Document:
        if "PipelineExecutionArn" not in params:  # ListPipelineExecutionSteps does not require it in botocore's model
            raise invalid("PipelineExecutionArn must be given.")
        return self._engine.get(context, EXECUTION, execution_name(context, params["PipelineExecutionArn"]))


def _summary(summary: dict, aliases: dict[int, list[str]]) -> dict:
    """An execution's summary in ListPipelineExecutions, from the engine's."""
    members = ("PipelineExecutionArn", "PipelineExecutionStatus", "PipelineExecutionDescription", "PipelineExecutionDisplayName")
    more: dict = {"StartTime": summary["CreationTime"]}
    if "FailureReason" in summary:
        more["PipelineExecutionFailureReason"] = summary["FailureReason"]
    if found := aliases.get(summary["PipelineVersionId"]):
        more["PipelineVersionAliases"] = found
    return shown(summary, members) | more
