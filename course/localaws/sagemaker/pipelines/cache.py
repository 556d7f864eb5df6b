"""The step cache: a step with `CacheConfig` takes the result of an earlier, successful run of the same step of the same pipeline.

Source: "Caching pipeline steps" and its pages "Turn on step caching" and "Default cache key attributes by pipeline step type" of the
developer guide, read 2026-11-28. Only the arguments are compared, never the objects that they name. Not documented, so chosen here: an
earlier run counts also if the step had no `CacheConfig` then; its age counts from its end; without `ExpireAfter` a result never expires;
a result whose job is gone is not used. The SDKs also write `CacheConfig` for steps of type EndpointConfig, Endpoint and Lambda. AWS does
not document their keys, so they always run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.kinds import PartKind, shown
from course.localaws.sagemaker.pipelines.language import cache_config
from course.localaws.sagemaker.pipelines.language.definition import Step

# The last result of each step and key. The engine names it by the pipeline and a digest.
RESULT = PartKind(
    name="PipelineStepResult",
    arn="pipeline",
    missing="Pipeline step result '{arn}' does not exist.",
    exists="Pipeline step result '{arn}' already exists.",
)
_KEPT = ("Metadata", "_attempt")  # members of a step's state that lead to its job
_ARNS = ("Arn", "CheckJobArn")  # members of a step's metadata that name its job


class StepCache:
    """The cache of one pipeline's steps, for one execution.

    Parameters
    ----------
    engine : ResourceEngine
    context : Context
    execution : dict
        The execution's document.
    """

    def __init__(self, engine: ResourceEngine, context: Context, execution: Document) -> None:
        self._engine, self._context = engine, context
        self._pipeline, self._execution = execution["PipelineName"], execution["PipelineExecutionArn"]

    def find(self, step: Step, key: str) -> dict | None:
        """The members of a step's state that make it show the result of an earlier run; None if it must run itself.

        Parameters
        ----------
        step : Step
        key : str
            The result of `key_of`.
        """
        if not (key and cache_config.reuses(step.document)):
            return None
        result = self._engine.find(self._context, RESULT, self._name(key))
        if result is None or not self._may_be_used(step, result):
            return None
        return {"CacheHitResult": {"SourcePipelineExecutionArn": result["PipelineExecutionArn"]}} | shown(result, _KEPT)

    def keep(self, state: dict) -> None:
        """Keep the result of a step that has succeeded, for later executions. ``state`` has its key in ``_cache_key``."""
        if not state.get("_cache_key") or "CacheHitResult" in state:
            return
        result = {"PipelineName": self._pipeline, "PipelineExecutionArn": self._execution, "_ended": self._engine.now()}
        result |= shown(state, _KEPT)
        name = self._name(state["_cache_key"])
        if self._engine.find(self._context, RESULT, name) is None:
            try:
                self._engine.create(self._context, RESULT, name, result)
                return
            except AwsError:  # another execution was faster
                pass
        self._engine.update(self._context, RESULT, name, result)

    def _name(self, key: str) -> str:
        return f"{self._pipeline}/result/{key}"

    def _may_be_used(self, step: Step, result: Document) -> bool:
        """Whether a result is new enough, and its job still exists."""
        fresh = self._engine.now() - result["_ended"] <= cache_config.oldest(step.document)
        jobs = [made[member] for made in result["Metadata"].values() for member in _ARNS if member in made]
        return fresh and all(self._engine.exists(job) for job in jobs)


def key_of(step: Step, arguments: dict) -> str:
    """A digest of the step and of the arguments that decide its result; ``""`` for a type of step that is not cached.

    Parameters
    ----------
    step : Step
    arguments : dict
        With all expressions resolved.
    """
    keys = table(Path(__file__).with_name("cache_keys.yaml"))["keys"].get(step.type)
    if keys is None:
        return ""
    deciding = {name: _only(arguments[name], members) for name, members in keys.items() if name in arguments}
    written = json.dumps([step.name, step.type, deciding], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def forget(engine: ResourceEngine, context: Context, pipeline: str) -> None:
    """Delete all results of a pipeline that is being deleted."""
    for result in engine.documents(context, RESULT):
        if result["PipelineName"] == pipeline:
            engine.delete(context, RESULT, result["_name"])


def _only(value: object, members: list[str] | None) -> object:
    """A value with only some members; of a list, each element so."""
    if members is None:
        return value
    if isinstance(value, list):
        return [_only(element, members) for element in value]
    return {name: value[name] for name in members if name in value} if isinstance(value, dict) else value
