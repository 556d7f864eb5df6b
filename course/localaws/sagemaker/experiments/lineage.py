"""The lineage entities: artifacts, actions and contexts. `associations` has the edges between them.

An artifact is identified by its source, an action or a context by its name. Associations must be deleted before their entity, as the SDK
does (``delete(disassociate=True)`` in sagemaker/core/lineage/artifact.py, action.py and context.py, read 2026-11-25). AWS does not document
the last part of an artifact's ARN; here it is a hash of the source.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.experiments.experiments import by, made_in, refuse_while_held


def kind(name: str, exists: str) -> ResourceKind:
    part = name.lower()
    return ResourceKind(name=name, arn=part, missing=f"{name} '{{arn}}' does not exist.", missing_code="ResourceNotFound", exists=exists)


ARTIFACT = kind("Artifact", "An artifact with this source already exists ({arn}).")
ACTION = kind("Action", "An action with name ({name}) already exists ({arn}).")
CONTEXT = kind("Context", "A context with name ({name}) already exists ({arn}).")
ASSOCIATION = ResourceKind(
    name="Association",
    arn="association",
    missing="There is no such association.",
    missing_code="ResourceNotFound",
    exists="An association between these two entities already exists.",
)
ENDS = ("Source", "Destination")


class Lineage(Family):
    """Create, Describe, List, Update and Delete of artifacts, actions and contexts."""

    kinds = (ARTIFACT, ACTION, CONTEXT)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {}
        for each in self.kinds:
            self.operations |= {
                f"Create{each.name}": partial(self.create, each),
                f"Describe{each.name}": partial(self.describe, each),
                f"List{each.name}s": partial(self.list, each),
                f"Update{each.name}": partial(self.update, each),
                f"Delete{each.name}": partial(self.delete, each),
            }

    def create(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        return {kind.arn_member: create(self._engine, context, kind, params)}

    def describe(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        return shown(kind, self._engine.get(context, kind, key_of(kind, params)))

    def list(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        type_member = f"{kind.name}Type"
        found = [
            shown(kind, document)
            for document in made_in(self._engine.documents(context, kind), params)
            if params.get("SourceUri", document["Source"]["SourceUri"]) == document["Source"]["SourceUri"]
            and params.get(type_member, document[type_member]) == document[type_member]
        ]
        sort = kind.name_member if params.get("SortBy") == "Name" else "CreationTime"
        page, token = paging.page(found, kind.arn_member, lambda document: document[sort], params)
        members = (kind.arn_member, kind.name_member, "Source", type_member, "Status", "CreationTime", "LastModifiedTime")
        summaries = [{name: value for name, value in document.items() if name in members} for document in page]
        return {f"{kind.name}Summaries": summaries} | ({"NextToken": token} if token else {})

    def update(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        def changes(document: Document) -> dict:
            properties = document.get("Properties", {}) | params.get("Properties", {})
            kept = {name: value for name, value in properties.items() if name not in params.get("PropertiesToRemove", ())}
            given = {name: params[name] for name in ("Description", "Status") if name in params}
            name = params.get(kind.name_member, document.get("_name"))
            return {"Properties": kept, "_name": name} | given | by(context, "LastModifiedBy")

        return {kind.arn_member: self._engine.update(context, kind, key_of(kind, params), changes)[kind.arn_member]}

    def delete(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        if kind is ARTIFACT and ("ArtifactArn" in params) == ("Source" in params):
            raise invalid("Either ArtifactArn or Source must be specified, and not both.")
        key = key_of(kind, params)
        arn = self._engine.get(context, kind, key)[kind.arn_member]
        others = [edge[f"{end}Arn"] for edge in self._engine.documents(context, ASSOCIATION) for end in ENDS if arn in edge_of(edge)]
        refuse_while_held(f"{kind.name} {arn}", "associations", [other for other in others if other != arn])
        self._engine.delete(context, kind, key)
        return {kind.arn_member: arn}


def create(engine: ResourceEngine, context: Context, kind: ResourceKind, params: dict) -> str:
    """Create an entity; returns its ARN."""
    document = params | {"_name": params.get(kind.name_member)} | by(context, "CreatedBy") | by(context, "LastModifiedBy")
    return engine.create(context, kind, key_of(kind, params), document, params.get("Tags", ()))


def associate(engine: ResourceEngine, context: Context, source: str, destination: str, kind: str = "AssociatedWith") -> None:
    """Create an association of two ARNs."""
    document = {"SourceArn": source, "DestinationArn": destination, "AssociationType": kind} | by(context, "CreatedBy")
    engine.create(context, ASSOCIATION, f"{source} {destination}", document)


def ensure(engine: ResourceEngine, context: Context, kind: ResourceKind, params: dict) -> str:
    """The ARN of an entity, which is created if it does not exist. SageMaker uses an entity that exists again."""
    arn = engine.arn_of(context, kind, key_of(kind, params))
    if not engine.exists(arn):
        with contextlib.suppress(AwsError):  # another thread was faster
            return create(engine, context, kind, params)
    return arn


def artifact(engine: ResourceEngine, context: Context, uri: str, kind: str, metadata: dict | None = None) -> str:
    """The ARN of the artifact of a URI. It has the type ``kind`` if it is new."""
    params = {"Source": {"SourceUri": uri}, "ArtifactType": kind} | ({"MetadataProperties": metadata} if metadata else {})
    return ensure(engine, context, ARTIFACT, params)


def link(engine: ResourceEngine, context: Context, source: str, destination: str, kind: str) -> None:
    """Associate two entities, unless they are associated."""
    if not engine.exists(engine.arn_of(context, ASSOCIATION, f"{source} {destination}")):
        with contextlib.suppress(AwsError):
            associate(engine, context, source, destination, kind)


def unlink(engine: ResourceEngine, context: Context, arn: str, ends: tuple[str, ...] = ENDS) -> None:
    """Delete the associations in which an entity is at one of some ends."""
    for edge in engine.documents(context, ASSOCIATION):
        if arn in [edge[f"{end}Arn"] for end in ends]:
            engine.delete(context, ASSOCIATION, " ".join(edge_of(edge)))


def source_of(arn: str, created: float) -> dict:
    """The ``Source`` of a context or an action that represents a resource, with the time of its creation in Unix seconds."""
    return {"SourceUri": arn, "SourceType": "ARN", "SourceId": datetime.fromtimestamp(created, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")}


def key_of(kind: ResourceKind, params: dict) -> str:
    """The identity of an entity within its kind: the last part of its ARN."""
    if kind is not ARTIFACT:
        return params[kind.name_member].rpartition("/")[2]  # Describe also takes an ARN
    if "ArtifactArn" in params:
        return params["ArtifactArn"].rpartition("/")[2]
    return hashlib.md5(json.dumps(params["Source"], sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def shown(kind: ResourceKind, document: Document) -> Document:
    """An artifact with the name that it was given, if any; other entities unchanged."""
    if kind is not ARTIFACT:
        return document
    return {member: value for member, value in (document | {"ArtifactName": document.get("_name")}).items() if value is not None}


def edge_of(params: dict) -> tuple[str, str]:
    return params["SourceArn"], params["DestinationArn"]


def entity(engine: ResourceEngine, context: Context, arn: str) -> tuple[ResourceKind, Document] | None:
    """The kind and the document of an ARN; None if it no longer exists."""
    part, _, name = arn.split(":", 5)[5].partition("/")
    try:
        kind = engine.kinds[part]
        return kind, shown(kind, engine.get(context, kind, name))
    except (KeyError, AwsError):
        return None


def type_of(kind: ResourceKind, document: Document) -> str | None:
    """The type of an entity; for the trial component of a job, the type of its source."""
    return document.get(f"{kind.name}Type") or document.get("Source", {}).get("SourceType")
