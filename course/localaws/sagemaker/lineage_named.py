"""Actions and contexts: the entities of lineage that have a name. Artifacts, which have none of their own, are in `lineage`.

Source: API reference of CreateAction, CreateContext and their like, read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.sagemaker import selection
from course.localaws.sagemaker.context import Context, Operation
from course.localaws.sagemaker.engine import Document, Engine, Kind
from course.localaws.sagemaker.experiments import arn_of, by, made_in


def kind(name: str) -> Kind:
    return Kind(
        name=name,
        arn=name.lower(),
        missing=f"{name} '{{name}}' does not exist.",
        missing_code="ResourceNotFound",
        exists=f"{name} names must be unique within an AWS account and region. {name} with name ({{name}}) already exists.",
    )


ACTION, CONTEXT = kind("Action"), kind("Context")


class Named:
    """Create, Describe, List, Update and Delete of one of them.

    Parameters
    ----------
    engine : Engine
    kind : Kind
    refuse_while_associated : function
        Raises where an entity, called by its words and its ARN, has associations.
    """

    def __init__(self, engine: Engine, kind: Kind, refuse_while_associated: Callable[[Context, str, str], None]) -> None:
        self._engine, self._kind, self._refuse_while_associated = engine, kind, refuse_while_associated
        name = kind.name
        self.operations: dict[str, Operation] = {
            f"Create{name}": self.create,
            f"Describe{name}": lambda context, params: engine.get(context, kind, self._name(params)),
            f"List{name}s": self.list,
            f"Update{name}": self.update,
            f"Delete{name}": self.delete,
        }

    def create(self, context: Context, params: dict) -> dict:
        document = params | by(context, "CreatedBy") | by(context, "LastModifiedBy")
        return {self._kind.arn_member: self._engine.create(context, self._kind, self._name(params), document, params.get("Tags", ()))}

    def list(self, context: Context, params: dict) -> dict:
        kind = self._kind
        asked = {place: params[name] for name, place in (("SourceUri", "SourceUri"), (f"{kind.name}Type", "Type")) if name in params}
        found = [
            document
            for document in self._engine.documents(context, kind)
            if asked.items() <= {"SourceUri": document["Source"]["SourceUri"], "Type": document[f"{kind.name}Type"]}.items()
        ]
        sort = kind.name_member if params.get("SortBy") == "Name" else "CreationTime"
        page, token = selection.page(made_in(found, params), kind.arn_member, lambda document: document[sort], params)
        members = (kind.arn_member, kind.name_member, "Source", f"{kind.name}Type", "Status", "CreationTime", "LastModifiedTime")
        summaries = [{name: document[name] for name in members if name in document} for document in page]
        return {f"{kind.name}Summaries": summaries} | ({"NextToken": token} if token else {})

    def update(self, context: Context, params: dict) -> dict:
        def changes(document: Document) -> dict:
            given = {name: params[name] for name in ("Description", "Status") if name in params}
            return given | {"Properties": properties(document, params)} | by(context, "LastModifiedBy")

        return arn_of(self._kind, self._engine.update(context, self._kind, self._name(params), changes))

    def delete(self, context: Context, params: dict) -> dict:
        document = self._engine.get(context, self._kind, self._name(params))
        self._refuse_while_associated(context, f"{self._kind.name} {document[self._kind.name_member]}", document[self._kind.arn_member])
        return arn_of(self._kind, self._engine.delete(context, self._kind, document[self._kind.name_member]))

    def _name(self, params: dict) -> str:
        """The name; Describe also takes the ARN."""
        return params[self._kind.name_member].rpartition("/")[2]


def properties(document: Document, params: dict) -> dict:
    """The properties of an entity of lineage after an Update: new ones are added, and those to remove are gone."""
    present = document.get("Properties", {}) | params.get("Properties", {})
    return {name: value for name, value in present.items() if name not in params.get("PropertiesToRemove", ())}
