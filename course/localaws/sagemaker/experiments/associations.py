"""Associations between lineage entities, and queries along them.

QueryLineage follows its API reference and "Querying Lineage Entities" of the developer guide: ``Both`` follows associations in both
directions from each entity that it visits. As in the outputs of AWS's notebook sagemaker-lineage-multihop-queries, the start is a vertex
only with edges, and the type of a trial component is that of its job, ``TrainingJob``. Read 2026-11-28. Not documented, so chosen here:
edges are shown without ``IncludeEdges``; entities are sorted by their distance from the start.
"""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.experiments.experiments import TRIAL_COMPONENT, made_in
from course.localaws.sagemaker.experiments.lineage import (
    ACTION,
    ARTIFACT,
    ASSOCIATION,
    CONTEXT,
    ENDS,
    associate,
    edge_of,
    entity,
    type_of,
)

DEEPEST, MOST_VERTICES = 10, 50
LINEAGE = (ARTIFACT, ACTION, CONTEXT, TRIAL_COMPONENT)
Edges = list[Document]


class Associations(Family):
    """Add, List and Delete of associations, and QueryLineage."""

    kinds = (ASSOCIATION,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "AddAssociation": self.add,
            "ListAssociations": self.list,
            "DeleteAssociation": self.delete,
            "QueryLineage": self.query,
        }

    def add(self, context: Context, params: dict) -> dict:
        edge = edge_of(params)
        self._require(edge)
        if edge[0] == edge[1]:
            raise invalid(f"An entity cannot be associated with itself: {edge[0]}.")
        associate(self._engine, context, *edge, params.get("AssociationType", "AssociatedWith"))
        return dict(zip(("SourceArn", "DestinationArn"), edge, strict=True))

    def list(self, context: Context, params: dict) -> dict:
        found = [edge for edge in self._engine.documents(context, ASSOCIATION) if _has(edge, params, ("SourceArn", "DestinationArn"))]
        found = [self._described(context, edge) for edge in found]
        found = [edge for edge in found if _has(edge, params, ("SourceType", "DestinationType", "AssociationType"))]
        sort = params.get("SortBy", "CreationTime")
        page, token = paging.page(made_in(found, params), "_key", lambda edge: edge.get(sort), params)
        return {"AssociationSummaries": page} | ({"NextToken": token} if token else {})

    def delete(self, context: Context, params: dict) -> dict:
        self._engine.delete(context, ASSOCIATION, " ".join(edge_of(params)))
        return dict(params)

    def query(self, context: Context, params: dict) -> dict:
        edges = self._engine.documents(context, ASSOCIATION)
        reached = self._reached(context, edges, params)
        found = {arn: entity(self._engine, context, arn) for arn in reached}
        vertices = {arn: _vertex(arn, *there) for arn, there in found.items() if there and there[0] in LINEAGE}
        filters = params.get("Filters", {})
        with_edges = params.get("IncludeEdges", True)
        hidden = set() if with_edges else set(params.get("StartArns", ()))
        shown = {arn for arn, vertex in vertices.items() if arn not in hidden and _matches(found[arn][1], vertex, filters)}
        if with_edges and filters:
            shown |= _on_the_way(shown, reached, edges)
        placed = [vertices[arn] | {"_depth": float(reached[arn])} for arn in sorted(shown, key=lambda arn: (reached[arn], arn))]
        page, token = paging.page(
            placed, "Arn", lambda vertex: vertex["_depth"], {"MaxResults": MOST_VERTICES} | params | {"SortOrder": "Ascending"}
        )
        answer = {"Vertices": page} | ({"NextToken": token} if token else {})
        return answer | {"Edges": _edges(placed, page, edges) if with_edges else []}

    def _require(self, arns: Iterable[str]) -> None:
        for arn in arns:
            if not self._engine.exists(arn):
                raise AwsError("ResourceNotFound", f"Entity '{arn}' does not exist.")

    def _reached(self, context: Context, edges: Edges, params: dict) -> dict[str, int]:
        """Every entity that a query reaches, with its distance from the start; without a start, all entities."""
        starts = params.get("StartArns", [])
        if not starts:
            return {document[kind.arn_member]: 0 for kind in LINEAGE for document in self._engine.documents(context, kind)}
        self._require(starts)
        steps = [edge_of(edge) for edge in edges]
        match params.get("Direction", "Both"):
            case "Ascendants":
                steps = [step[::-1] for step in steps]
            case "Both":
                steps += [step[::-1] for step in steps]
        return _walk(starts, steps, params.get("MaxDepth", DEEPEST))

    def _described(self, context: Context, edge: Document) -> dict:
        """An association as List shows it, with the names and types of both ends."""
        described = {
            name: edge[name] for name in ("SourceArn", "DestinationArn", "AssociationType", "CreationTime", "CreatedBy") if name in edge
        }
        for end in ENDS:
            if there := entity(self._engine, context, edge[f"{end}Arn"]):
                kind, document = there
                members = {f"{end}Name": document.get(kind.name_member), f"{end}Type": type_of(kind, document) or kind.name}
                described |= {name: value for name, value in members.items() if value}
        return described | {"_key": edge[ASSOCIATION.arn_member]}


def _has(edge: Document, params: dict, members: tuple[str, ...]) -> bool:
    """Whether an association has the values that a request gives for some members."""
    return all(edge.get(member) == params[member] for member in members if member in params)


def _walk(starts: list[str], steps: list[tuple[str, str]], depth: int) -> dict[str, int]:
    """Breadth-first search along steps from one entity to another; returns the distance of each reached entity."""
    nexts: dict[str, list[str]] = {}
    for here, there in steps:
        nexts.setdefault(here, []).append(there)
    reached, front = dict.fromkeys(starts, 0), set(starts)
    for distance in range(1, depth + 1):
        front = {there for here in front for there in nexts.get(here, ())} - set(reached)
        reached |= dict.fromkeys(front, distance)
    return reached


def _on_the_way(shown: set[str], reached: dict[str, int], edges: Edges) -> set[str]:
    """The start, and all entities on the shortest paths between it and the matches of a filter."""
    way, front = set(shown), set(shown)
    while front:
        nearer = {
            here
            for edge in edges
            for here, there in (edge_of(edge), edge_of(edge)[::-1])
            if there in front and here in reached and reached[here] == reached[there] - 1
        }
        front = nearer - way
        way |= front
    return way


def _vertex(arn: str, kind: ResourceKind, document: Document) -> dict:
    found = {"Arn": arn, "Type": (type_of(kind, document) or "").removeprefix("SageMaker"), "LineageType": kind.name}
    return {name: value for name, value in found.items() if value}


def _matches(document: Document, vertex: dict, filters: dict) -> bool:
    made, changed = document["CreationTime"], document.get("LastModifiedTime", document["CreationTime"])
    given = filters.get("Properties", {})
    properties = document.get("Properties", {})
    return (
        vertex.get("Type") in filters.get("Types", [vertex.get("Type")])
        and vertex["LineageType"] in filters.get("LineageTypes", [vertex["LineageType"]])
        and filters.get("CreatedAfter", made) <= made <= filters.get("CreatedBefore", made)
        and filters.get("ModifiedAfter", changed) <= changed <= filters.get("ModifiedBefore", changed)
        and (not given or any(properties.get(name) == value for name, value in given.items()))
    )


def _edges(placed: list[dict], page: list[dict], edges: Edges) -> list[dict]:
    """The associations between vertices. Each is on the page of its later vertex."""
    place = {vertex["Arn"]: number for number, vertex in enumerate(placed)}
    on_page = {place[vertex["Arn"]] for vertex in page}
    return [
        {"SourceArn": edge["SourceArn"], "DestinationArn": edge["DestinationArn"], "AssociationType": edge["AssociationType"]}
        for edge in edges
        if set(edge_of(edge)) <= set(place) and max(place[arn] for arn in edge_of(edge)) in on_page
    ]
