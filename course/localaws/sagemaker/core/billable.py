"""The instances that jobs and endpoints hold now, which AWS would bill."""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind


def running(engine: ResourceEngine) -> list[dict]:
    """Every set of instances held by a resource, oldest first.

    Returns
    -------
    list of dict
        ``resource`` (e.g. ``"endpoint/delays"``), ``region``, ``status``, ``instance_type``, ``count``, and ``seconds``: the age of the
        resource on the local AWS's clock.
    """
    now = engine.now()
    found = [
        {
            "resource": f"{kind.arn}/{document[kind.name_member]}",
            "region": context.region,
            "status": document[kind.status],
            "instance_type": instance_type,
            "count": count,
            "seconds": round(now - document["CreationTime"], 3),
        }
        for kind in engine.kinds.values()
        if kind.holding_statuses
        for context, document in _holding(engine, kind)
        for instance_type, count in kind.instances(document)
    ]
    return sorted(found, key=lambda item: -item["seconds"])


def _holding(engine: ResourceEngine, kind: ResourceKind) -> Iterator[tuple[Context, Document]]:
    yield from engine.every(kind, kind.holding_statuses)
    if kind.retains_instances:
        idle = ((context, document) for context, document in engine.every(kind) if document[kind.status] not in kind.holding_statuses)
        yield from ((context, document) for context, document in idle if kind.retains_instances(document))
