"""What Search shows of executions and of versions beside the members of their documents.

Source: PipelineExecution and PipelineVersion in botocore's model, read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, VERSION, execution_name, shown, version_name

_LAST = ("PipelineExecutionArn", "PipelineExecutionDisplayName", "PipelineExecutionStatus")


def members(engine: ResourceEngine, context: Context, document: Document) -> dict:
    """The further members of the record of an execution or a version."""
    if "PipelineExecutionArn" in document:
        version = engine.find(context, VERSION, version_name(document["PipelineName"], document["PipelineVersionId"])) or {}
        return {"PipelineParameters": parameters(document)} | shown(version, ("PipelineVersionDisplayName",))
    arn = document.get("LastExecutionPipelineExecutionArn")
    last = engine.find(context, EXECUTION, execution_name(context, arn)) if arn else None
    return {f"LastExecuted{member}": last[member] for member in _LAST} if last else {}


def parameters(execution: Document) -> list[dict]:
    """The parameters of an execution with their values, which are always text."""
    return [{"Name": name, "Value": str(value)} for name, value in execution["_parameters"].items()]
