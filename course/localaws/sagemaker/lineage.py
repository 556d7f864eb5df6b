"""Lineage: artifacts, and which entity comes of which other. Actions and contexts are in `lineage_named`.

An artifact is told from others by its source, and is deleted after its associations: as the SDK handles it
(sagemaker/core/experiments/_helper.py, ``delete(disassociate=True)`` in sagemaker/core/lineage/artifact.py, read 2026-11-25). How AWS
makes the last part of its ARN is not documented; here it is a hash of the source.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from course.localaws.errors import AwsError
from course.localaws.sagemaker import selection
from course.localaws.sagemaker.context import Context, Operation
from course.localaws.sagemaker.engine import Document, Engine, Kind
from course.localaws.sagemaker.experiments import by, made_in, refuse_while_held
from course.localaws.sagemaker.lineage_named import ACTION, CONTEXT, Named, properties

if TYPE_CHECKING:
    from course.localaws.platform import Platform

ARTIFACT = Kind(
    name="Artifact",
    arn="artifact",
    missing="Artifact '{arn}' does not exist.",
    missing_code="ResourceNotFound",
    exists="An artifact with this source already exists ({arn}).",
)
ASSOCIATION = Kind(
    name="Association",
    arn="association",
    missing="There is no such association.",
    missing_code="ResourceNotFound",
    exists="An association between these two entities already exists.",
)
ENDS = ("Source", "Destination")


class Lineage:
    """Create, Describe, List, Update and Delete of artifacts, actions and contexts; Add, List and Delete of associations."""

    kinds = (ARTIFACT, ACTION, CONTEXT, ASSOCIATION)

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "CreateArtifact": self.create,
            "DescribeArtifact": lambda context, params: shown(engine.get(context, ARTIFACT, key_of(params))),
            "ListArtifacts": self.list,
            "UpdateArtifact": self.update,
            "DeleteArtifact": self.delete,
            "AddAssociation": self.add_association,
            "ListAssociations": self.list_associations,
            "DeleteAssociation": self.delete_association,
        }
        for kind in (ACTION, CONTEXT):
            self.operations |= Named(engine, kind, self._refuse_while_associated).operations

    def create(self, context: Context, params: dict) -> dict:
        document = params | {"_name": params.get("ArtifactName")} | by(context, "CreatedBy") | by(context, "LastModifiedBy")
        return {"ArtifactArn": self._engine.create(context, ARTIFACT, key_of(params), document, params.get("Tags", ()))}

    def list(self, context: Context, params: dict) -> dict:
        found = [
            document
            for document in self._engine.documents(context, ARTIFACT)
            if params.get("SourceUri", document["Source"]["SourceUri"]) == document["Source"]["SourceUri"]
            and params.get("ArtifactType", document["ArtifactType"]) == document["ArtifactType"]
        ]
        page, token = selection.page(made_in(found, params), "ArtifactArn", lambda document: document["CreationTime"], params)
        members = ("ArtifactArn", "ArtifactName", "Source", "ArtifactType", "CreationTime", "LastModifiedTime")
        summaries = [{name: value for name, value in shown(document).items() if name in members} for document in page]
        return {"ArtifactSummaries": summaries} | ({"NextToken": token} if token else {})

    def update(self, context: Context, params: dict) -> dict:
        def changes(document: Document) -> dict:
            named = {"_name": params.get("ArtifactName", document.get("_name"))}
            return {"Properties": properties(document, params)} | named | by(context, "LastModifiedBy")

        return {"ArtifactArn": self._engine.update(context, ARTIFACT, key_of(params), changes)["ArtifactArn"]}

    def delete(self, context: Context, params: dict) -> dict:
        if ("ArtifactArn" in params) == ("Source" in params):
            raise AwsError("ValidationException", "Either ArtifactArn or Source must be specified, and not both.")
        arn = self._engine.get(context, ARTIFACT, key_of(params))["ArtifactArn"]
        self._refuse_while_associated(context, f"Artifact {arn}", arn)
        self._engine.delete(context, ARTIFACT, key_of(params))
        return {"ArtifactArn": arn}

    def add_association(self, context: Context, params: dict) -> dict:
        edge = edge_of(params)
        for arn in edge:
            if not self._engine.exists(arn):
                raise AwsError("ResourceNotFound", f"Entity '{arn}' does not exist.")
        if edge[0] == edge[1]:
            raise AwsError("ValidationException", f"An entity cannot be associated with itself: {edge[0]}.")
        document = {"AssociationType": "AssociatedWith"} | params | by(context, "CreatedBy")
        self._engine.create(context, ASSOCIATION, " ".join(edge), document)
        return dict(zip(("SourceArn", "DestinationArn"), edge, strict=True))

    def list_associations(self, context: Context, params: dict) -> dict:
        found = [self._described(context, document) for document in self._engine.documents(context, ASSOCIATION)]
        asked = {
            name: params[name]
            for name in ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
            if name in params
        }
        found = [edge for edge in found if all(edge.get(name) == value for name, value in asked.items())]
        sort = params.get("SortBy", "CreationTime")
        page, token = selection.page(made_in(found, params), "_key", lambda edge: edge.get(sort), params)
        return {"AssociationSummaries": page} | ({"NextToken": token} if token else {})

    def delete_association(self, context: Context, params: dict) -> dict:
        self._engine.delete(context, ASSOCIATION, " ".join(edge_of(params)))
        return dict(params)

    def recover(self) -> None: ...

    def shutdown(self) -> None: ...

    def _refuse_while_associated(self, context: Context, what: str, arn: str) -> None:
        others = [edge[f"{end}Arn"] for edge in self._engine.documents(context, ASSOCIATION) for end in ENDS if arn in edge_of(edge)]
        refuse_while_held(what, "associations", [other for other in others if other != arn])

    def _described(self, context: Context, edge: Document) -> dict:
        """An association as List shows it, with names and types of its ends."""
        described = {
            name: edge[name] for name in ("SourceArn", "DestinationArn", "AssociationType", "CreationTime", "CreatedBy") if name in edge
        }
        for end in ENDS:
            part, _, name = edge[f"{end}Arn"].split(":", 5)[5].partition("/")
            kind = self._engine.kinds[part]
            try:
                document = shown(self._engine.get(context, kind, name))
            except AwsError:
                continue  # deleted meanwhile
            named = {f"{end}Name": document.get(kind.name_member)}
            of_type = {f"{end}Type": document.get(f"{kind.name}Type") or document.get("Source", {}).get("SourceType") or kind.name}
            described |= {name: value for name, value in (named | of_type).items() if value}
        return described | {"_key": edge[ASSOCIATION.arn_member]}


def key_of(params: dict) -> str:
    """What tells an artifact from others: the last part of its ARN."""
    if "ArtifactArn" in params:
        return params["ArtifactArn"].rpartition("/")[2]
    return hashlib.md5(json.dumps(params["Source"], sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def shown(document: Document) -> Document:
    """An artifact under the name that it was given, if any; anything else as it is."""
    if "ArtifactArn" not in document:
        return document
    return {member: value for member, value in (document | {"ArtifactName": document.get("_name")}).items() if value is not None}


def edge_of(params: dict) -> tuple[str, str]:
    return params["SourceArn"], params["DestinationArn"]
