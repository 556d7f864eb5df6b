"""Finds the operation of an HTTP request, using only botocore's model of S3.

S3 distinguishes most operations by query parameters ("sub-resources"). A sub-resource that the matching operation does not have is refused.
Otherwise ``DELETE /bucket?metrics`` would run as the plain operation and delete the bucket.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_to_bytes

from botocore.model import OperationModel

from course.localaws.core.errors import AwsError, not_supported
from course.localaws.protocol.model import service_model

# Parameters that sign a request or only name its operation. They never select an operation.
NEUTRAL = re.compile(r"x-amz-.*|x-id|awsaccesskeyid|signature|expires", re.IGNORECASE)
# Operations on other hosts than S3's (directory buckets, Object Lambda) that have the same paths as S3's operations.
ELSEWHERE = frozenset({"ListDirectoryBuckets", "WriteGetObjectResponse"})


@dataclass(frozen=True, slots=True)
class Route:
    """An operation's route. ``query`` and ``headers`` are required; ``known`` are the query parameters that the operation accepts."""

    operation: str
    query: frozenset[str]
    values: tuple[tuple[str, str], ...]
    headers: frozenset[str]
    known: frozenset[str]

    def matches(self, query: dict[str, str], headers: Container[str]) -> bool:
        return (
            self.query <= query.keys()
            and all(query[name] == value for name, value in self.values)
            and all(header in headers for header in self.headers)
        )


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The parts of a request's URL. ``bucket`` and ``key`` are empty when the path has none."""

    bucket: str
    key: str
    query: dict[str, str]


@functools.lru_cache(maxsize=64)  # a request asks for its target twice
def target(raw_path: bytes, raw_query: bytes) -> RequestTarget:
    """Splits a path-style URL. Raises ``InvalidURI`` when it is not UTF-8, or names a key but no bucket."""
    bucket, _, key = raw_path[1:].partition(b"/")
    try:
        query = dict(parse_qsl(raw_query.decode("ascii"), keep_blank_values=True, errors="strict"))
        found = RequestTarget(unquote_to_bytes(bucket).decode(), unquote_to_bytes(key).decode(), query)
    except UnicodeDecodeError:
        found = None
    if found is None or (found.key and not found.bucket):
        raise AwsError("InvalidURI", "Couldn't parse the specified URI.")
    return found


def find(method: str, target: RequestTarget, headers: Container[str]) -> str:
    """Returns the operation of a request.

    Raises
    ------
    AwsError
        ``MethodNotAllowed``, or ``NotSupportedByLocalAws`` for a sub-resource that belongs to another operation or to none in the model.
    """
    level = "key" if target.key else "bucket" if target.bucket else "service"
    routes = [route for route in _routes().get((method, level), ()) if route.matches(target.query, headers)]
    if not routes:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", status=405, Method=method)
    best = max(routes, key=lambda route: len(route.query) + len(route.headers))
    for name, value in target.query.items():
        if name not in best.known and not NEUTRAL.fullmatch(name) and (name in _sub_resources() or not value):
            raise not_supported("s3", f"{method} with ?{name}")
    return best.operation


@functools.cache
def _routes() -> dict[tuple[str, str], tuple[Route, ...]]:
    routes: dict[tuple[str, str], list[Route]] = {}
    model = service_model("s3")
    for name in model.operation_names:
        operation = model.operation_model(name)
        if name in ELSEWHERE or operation.deprecated:
            continue
        path = operation.http["requestUri"].partition("?")[0]
        level = {"/": "service", "/{Bucket}": "bucket", "/{Bucket}/{Key+}": "key"}[path]
        routes.setdefault((operation.http["method"], level), []).append(_route(operation))
    return {place: tuple(found) for place, found in routes.items()}


def _route(operation: OperationModel) -> Route:
    fixed = parse_qsl(operation.http["requestUri"].partition("?")[2], keep_blank_values=True)
    located = {"querystring": {}, "header": {}}
    for member, shape in operation.input_shape.members.items() if operation.input_shape else ():
        names = located.get(shape.serialization.get("location"))
        if names is not None:
            names[shape.serialization["name"]] = member in operation.input_shape.required_members
    required_query = {name for name, required in located["querystring"].items() if required}
    return Route(
        operation.name,
        query=frozenset(required_query | {name for name, _ in fixed}),
        values=tuple((name, value) for name, value in fixed if value),
        headers=frozenset(name.lower() for name, required in located["header"].items() if required),
        known=frozenset({*located["querystring"], *(name for name, _ in fixed)}),
    )


@functools.cache
def _sub_resources() -> frozenset[str]:
    """Returns all query parameters that distinguish operations."""
    return frozenset().union(*(route.query for routes in _routes().values() for route in routes))
