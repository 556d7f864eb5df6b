"""Reads the operation and the parameters of a request that moto will serve, to check the caller's policies before.

moto reads the request again in its own way. So a request that two readers could understand in two ways is refused here: with two names of
an operation, with a form in place of JSON, or with two values of a parameter. Beyond that, reading is lenient: moto validates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl

from botocore.model import OperationModel, ServiceModel

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.iam.service_authorization import reference
from course.localaws.moto import forms
from course.localaws.protocol import json_values, protocols, rest_json, rpc_v2_cbor
from course.localaws.protocol.compression import body_of
from course.localaws.protocol.model import bound, service_model
from course.localaws.protocol.rest_json import raw_path

_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_RPC = frozenset({"json", "smithy-rpc-v2-cbor", "query", "ec2"})


@dataclass(frozen=True, slots=True)
class MotoRequest:
    """A request, as AWS's model of its service describes it.

    Attributes
    ----------
    prefix : str
        The prefix of the service's actions.
    model : str
        botocore's name of the service; empty when no model has the operation.
    operation : str
    params : dict
        The parameters by the model's names. Empty without a model.
    protocol : str
        As botocore names it.
    """

    prefix: str
    model: str
    operation: str
    params: dict
    protocol: str


async def read(call: AwsRequest) -> MotoRequest:
    """Reads a request.

    Raises
    ------
    AwsError
        ``SerializationException``, ``InvalidParameterCombination``.
    """
    service = reference.services().get(call.service.lower())
    prefix, names = (service.prefix, service.models) if service else (call.service.lower(), ())
    protocol = _protocol(call)
    _check_body(call, protocol, await call.body())
    operation = _operation(call, protocol, [service_model(name) for name in reference.in_order(names, call.service)])
    if operation is None:
        return MotoRequest(prefix, "", call.operation or f"{call.request.method} {raw_path(call.request)}", {}, protocol)
    model = operation.service_model.service_name
    return MotoRequest(prefix, model, operation.name, await _parameters(call, protocol, operation), protocol)


def _protocol(call: AwsRequest) -> str:
    found = protocols.protocol_of(RequestHead.of(call.request.scope), call.service.lower())
    return found if found in _RPC else "rest"


def _check_body(call: AwsRequest, protocol: str, body: bytes) -> None:
    media = call.headers.get("content-type", "").lower()
    is_form = protocol in ("query", "ec2")
    if body and media.startswith(_FORMS) != is_form or media.startswith("multipart/"):
        raise AwsError("SerializationException", f"The request has the content type {media[:100]!r}, which its protocol does not have.")
    if protocol == "json" and any(name == "Action" for name, _ in parse_qsl(call.request.scope["query_string"].decode("latin-1"))):
        raise AwsError("SerializationException", "The request names its operation twice.")


def _operation(call: AwsRequest, protocol: str, models: Iterable[ServiceModel]) -> OperationModel | None:
    if protocol == "rest":
        for model in models:
            if model.metadata["protocol"].startswith("rest") and (found := rest_json.find(model, call.request)):
                return model.operation_model(found[0])
        return None
    found = [model for model in models if call.operation in model.operation_names]
    target = call.headers.get("x-amz-target", "").rpartition(".")[0]
    named = [model for model in found if protocol == "json" and model.metadata.get("targetPrefix") == target]
    return next((model.operation_model(call.operation) for model in (*named, *found)), None)


async def _parameters(call: AwsRequest, protocol: str, operation: OperationModel) -> dict:
    if operation.input_shape is None:
        return {}
    if protocol in ("query", "ec2"):
        return forms.parameters(operation.input_shape, await _form(call), protocol)
    if protocol == "rest":
        return await _rest(call, operation)
    body = await body_of(operation, call)
    found = _cbor(body) if protocol != "json" else json_values.load(body) if body.strip() else {}
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "The request body is not an object.")
    return found


def _cbor(body: bytes) -> object:
    try:
        return rpc_v2_cbor.decode(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The request body is not valid CBOR: {error}") from None


async def _form(call: AwsRequest) -> dict[str, str]:
    """The parameters in a query and a body. Raises ``InvalidParameterCombination`` for one that has two values."""
    try:
        texts = (call.request.scope["query_string"].decode("latin-1"), (await call.body()).decode())
    except UnicodeDecodeError as error:
        raise AwsError("SerializationException", f"The request body is not UTF-8: {error}") from None
    found: dict[str, str] = {}
    for text in texts:
        for name, values in parse_qs(text, keep_blank_values=True).items():
            if {found.get(name, values[0]), *values} != {values[0]}:
                raise AwsError("InvalidParameterCombination", f"The request has two values of {name[:100]!r}.")
            found[name] = values[0]
    return found


async def _rest(call: AwsRequest, operation: OperationModel) -> dict:
    """Members in the path, the query and the headers; and those of a JSON body."""
    shape = operation.input_shape
    _, labels = rest_json.find(operation.service_model, call.request)
    query = parse_qs(call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    params: dict = {name: labels[wire] for name, (wire, _) in bound(shape, "uri").items() if wire in labels}
    for name, (wire, member) in bound(shape, "querystring").items():
        if wire in query:
            params[name] = query[wire] if member.type_name == "list" else query[wire][0]
    for name, (wire, _) in bound(shape, "header").items():
        if wire.lower() in call.headers:
            params[name] = call.headers[wire.lower()]
    body = await body_of(operation, call)
    if operation.service_model.metadata["protocol"] != "rest-json" or not body.strip():
        return params
    payload = shape.serialization.get("payload")
    if payload is None:
        found = json_values.load(body)
        known = {wire: name for name, (wire, _) in bound(shape).items()}
        members = {known.get(wire, wire): value for wire, value in found.items()} if isinstance(found, dict) else {}
        return members | params
    return params | ({payload: json_values.load(body)} if shape.members[payload].type_name == "structure" else {})
