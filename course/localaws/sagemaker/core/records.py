"""Record-only resources, which are stored and described but do nothing. `records.yaml` lists them.

They never run, so they have no status. Responses about them have the header ``x-local-aws: record``.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from pathlib import Path

from course.localaws.context import Context, Operation
from course.localaws.core.data_files import table
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.protocol.model import service_model
from course.localaws.sagemaker.core.family import Family, describe

HEADER = {"x-local-aws": "record"}


class RecordOnlyResource:
    """One record-only kind and its operations.

    Parameters
    ----------
    engine : ResourceEngine
    entry : dict
        Its entry in `records.yaml`. Members with the name of a `ResourceKind` field are passed to the kind.
    """

    def __init__(self, engine: ResourceEngine, entry: dict) -> None:
        self._engine, self._entry = engine, entry
        name = entry["name"]
        self.kind = ResourceKind(**{field.name: entry[field.name] for field in fields(ResourceKind) if field.name in entry})
        offered = {"Create": self.create, "Describe": describe(engine, self.kind), "Update": self.update, "Delete": self.delete}
        self.operations: dict[str, Operation] = {f"{verb}{name}": offered[verb] for verb in offered if verb != "Update" or entry["update"]}
        self.operations[entry["list"]] = self.list

    def create(self, context: Context, params: dict) -> dict:
        self._check(params)
        arn = self._engine.create(context, self.kind, params[self.kind.name_member], params, params.get("Tags", ()))
        return {self.kind.arn_member: arn}

    def update(self, context: Context, params: dict) -> dict:
        changes = {member: value for member, value in params.items() if member != self.kind.name_member}
        document = self._engine.update(context, self.kind, params[self.kind.name_member], partial(self._changed, changes))
        answered = service_model("sagemaker").operation_model(f"Update{self.kind.name}").output_shape.members
        return {member: document[member] for member in answered if member in document}

    def delete(self, context: Context, params: dict) -> None:
        self._engine.delete(context, self.kind, params[self.kind.name_member])

    def list(self, context: Context, params: dict) -> dict:
        page, token = self._engine.page(context, self.kind, {"SortBy": self._entry.get("sort", "CreationTime")} | params)
        return {self._entry["shown"]: page, "NextToken": token}

    def _changed(self, changes: dict, document: Document) -> dict:
        merged = {member: document.get(member, {}) | changes[member] for member in self._entry.get("merged", ()) if member in changes}
        self._check(document | changes)
        return changes | merged

    def _check(self, document: Document) -> None:
        members = self._entry.get("one_of", ())
        given = [member for member in members if member in document]
        if len(given) > 1:
            raise invalid(f"Only one of {', '.join(members)} can be given; got {', '.join(given)}.")


class RecordOnlyResources(Family):
    """The family of all record-only resources."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        records = [RecordOnlyResource(engine, entry) for entry in table(Path(__file__).with_suffix(".yaml"))["records"]]
        self.kinds = tuple(record.kind for record in records)
        self.operations: dict[str, Operation] = {}
        for record in records:
            self.operations |= record.operations
