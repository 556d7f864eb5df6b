"""The versions of pipelines and their aliases: ListPipelineVersions and UpdatePipelineVersion.

Source: API reference and botocore's model of these operations, read 2026-11-28. A version is made when a pipeline is created, and when an
update changes its definition. The texts of errors about aliases are ours.
"""

from __future__ import annotations

import threading

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments.experiments import by
from course.localaws.sagemaker.pipelines.kinds import PIPELINE, VERSION, name_of, renamed, shown, version_name

MOST_ALIASES = 10  # of a version
_MEMBERS = ("PipelineVersionDisplayName", "PipelineVersionDescription")
_LISTED = (
    "PipelineArn", "PipelineVersionId", "CreationTime", *_MEMBERS, "PipelineVersionAliases", "LastExecutionPipelineExecutionArn",
)  # fmt: skip
_ALL = 1_000_000


class Versions:
    """Keeps the versions of pipelines.

    Attributes
    ----------
    changing : threading.RLock
        Held while a pipeline and its versions change together.
    """

    def __init__(self, engine: ResourceEngine) -> None:
        self._engine = engine
        self.changing = threading.RLock()
        self.operations: dict[str, Operation] = {"ListPipelineVersions": self.list, "UpdatePipelineVersion": self.update}

    def put(self, context: Context, pipeline: Document, number: int, definition: str, aliases: list[str]) -> None:
        """Store a new version. One that a crash left without its pipeline is replaced. Raises AwsError for aliases that are not valid."""
        self._check_new(context, pipeline, aliases)
        name = version_name(pipeline["PipelineName"], number)
        document = {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": number, "_definition": definition}
        document |= {"PipelineVersionAliases": aliases} if aliases else {}
        if self._engine.find(context, VERSION, name):
            self._engine.delete(context, VERSION, name)
        self._engine.create(context, VERSION, name, document | by(context, "CreatedBy") | by(context, "LastModifiedBy"))

    def find(self, context: Context, pipeline: Document, params: dict) -> Document:
        """The version of a pipeline that a request names by id or alias; by default the latest.

        Raises AwsError ``ResourceNotFound``, or ``ValidationException`` for a request that has both.
        """
        if "PipelineVersionId" in params and "PipelineVersionAlias" in params:
            raise invalid("Specify either PipelineVersionId or PipelineVersionAlias, not both.")
        number = params.get("PipelineVersionId", pipeline["_version"])
        if alias := params.get("PipelineVersionAlias"):
            number = self.number_of(context, pipeline, alias)
        if number > pipeline["_version"]:
            raise self._engine.not_found(context, VERSION, version_name(pipeline["PipelineName"], number))
        return self._engine.get(context, VERSION, version_name(pipeline["PipelineName"], number))

    def number_of(self, context: Context, pipeline: Document, alias: str) -> int:
        """The number of the version that has an alias. Raises AwsError ``ResourceNotFound``."""
        for number, aliases in self.aliases(context, pipeline["PipelineArn"]).items():
            if alias in aliases:
                return number
        raise AwsError("ResourceNotFound", f"The pipeline {pipeline['PipelineName']} has no version with the alias '{alias}'.")

    def aliases(self, context: Context, arn: str) -> dict[int, list[str]]:
        """The aliases of each version of a pipeline that has some, by its number."""
        summaries, _ = self._engine.page(context, VERSION, {"PipelineArn": arn, "MaxResults": _ALL})
        return {each["PipelineVersionId"]: each["PipelineVersionAliases"] for each in summaries if each.get("PipelineVersionAliases")}

    def started(self, context: Context, version: Document, execution: str) -> None:
        """Record the ARN of the latest execution of a version."""
        self._engine.update(context, VERSION, version["_name"], {"LastExecutionPipelineExecutionArn": execution})

    def delete_all(self, context: Context, arn: str) -> None:
        """Delete all versions of a pipeline."""
        summaries, _ = self._engine.page(context, VERSION, {"PipelineArn": arn, "MaxResults": _ALL})
        for each in summaries:
            self._engine.delete(context, VERSION, each["_name"])

    def list(self, context: Context, params: dict) -> dict:
        pipeline = self._engine.get(context, PIPELINE, name_of(context, params["PipelineName"]))
        summaries, token = self._engine.page(context, VERSION, renamed(params) | {"PipelineArn": pipeline["PipelineArn"]})
        return {"PipelineVersionSummaries": [shown(each, _LISTED) for each in summaries], "NextToken": token}

    def update(self, context: Context, params: dict) -> dict:
        arn, number = params["PipelineArn"], params["PipelineVersionId"]
        operations = params.get("PipelineVersionAliasOperations", {})
        added, removed = operations.get("Add", []), operations.get("Remove", [])
        if both := sorted(set(added) & set(removed)):
            raise invalid(f"The alias '{both[0]}' is in Add and in Remove.")
        with self.changing:
            pipeline = self._engine.get(context, PIPELINE, name_of(context, arn))
            version = self.find(context, pipeline, {"PipelineVersionId": number})
            present = version.get("PipelineVersionAliases", [])
            if missing := [alias for alias in removed if alias not in present]:
                raise invalid(f"Version {number} has no alias '{missing[0]}'.")
            new = [alias for alias in dict.fromkeys(added) if alias not in present]
            kept = [alias for alias in present if alias not in removed]
            self._check_new(context, pipeline, new, len(kept))
            changes = shown(params, _MEMBERS) | {"PipelineVersionAliases": [*kept, *new] or None} | by(context, "LastModifiedBy")
            self._engine.update(context, VERSION, version["_name"], changes)
        return {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": number}

    def recover(self) -> None:
        """Delete the versions that a crash left without their pipelines."""
        for context, version in list(self._engine.every(VERSION)):
            pipeline = self._engine.find(context, PIPELINE, name_of(context, version["PipelineArn"]))
            if pipeline is None or version["PipelineVersionId"] > pipeline["_version"]:
                self._engine.delete(context, VERSION, version["_name"])

    def _check_new(self, context: Context, pipeline: Document, new: list[str], kept: int = 0) -> None:
        """Refuse aliases that a version cannot get."""
        used = {alias for aliases in self.aliases(context, pipeline["PipelineArn"]).values() for alias in aliases}
        for alias in new:
            if alias.isdecimal():
                raise invalid(f"The alias '{alias}' has only digits, as the id of a version has.")
            if alias in used or new.count(alias) > 1:
                raise AwsError("ConflictException", f"The alias '{alias}' is assigned to another version already; remove it there first.")
        if len(new) + kept > MOST_ALIASES:
            raise invalid(f"A version has at most {MOST_ALIASES} aliases.")
