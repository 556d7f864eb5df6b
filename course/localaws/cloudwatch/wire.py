"""The three protocols that CloudWatch speaks: CBOR (boto3 today), JSON, and the query protocol (older SDKs)."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.protocol import cbor, json_values, query, validation
from course.localaws.protocol.model import ApiModel, Shape

CBOR, JSON, QUERY = "application/cbor", "application/x-amz-json-1.0", "text/xml"
# PutMetricData may be sent compressed: at most 1 MB, which is far more data than it may hold; more is an attack.
MOST_INFLATED = 64 << 20


class Wire:
    """Requests in, answers out, by botocore's model of CloudWatch."""

    def __init__(self) -> None:
        self._model = ApiModel("cloudwatch")

    async def parse(self, call: AwsRequest) -> dict:
        """The parameters of ``call.operation``.

        Raises
        ------
        AwsError
            ``SerializationException`` when the body is not what the protocol says; ``InvalidParameterValue`` when a parameter
            breaks a constraint of the model.
        """
        shape = self._model.input_of(call.operation)
        if protocol(call) == QUERY:
            operation = query.model("cloudwatch").operation_model(call.operation)
            params = _typed(shape, query.parse(operation, await query.form_of(call)), "")
        else:
            body = _inflated(call, await call.body())
            raw = _decoded(body) if protocol(call) == CBOR else json_values.load(body)
            params = json_values.read(shape, raw)
        if found := validation.violations(shape, params):
            raise AwsError("InvalidParameterValue", validation.message(found))
        return params

    def respond(self, call: AwsRequest, result: dict) -> Response:
        """The answer with a result; time stamps in it are Unix seconds."""
        shape = self._model.output_of(call.operation)
        if protocol(call) == QUERY:
            return query.respond(query.model("cloudwatch").operation_model(call.operation), result, call.id)
        if protocol(call) == CBOR:
            body = cbor.encode(_tagged(shape, result) if shape else {})
            return Response(body, headers={"smithy-protocol": "rpc-v2-cbor"}, media_type=CBOR)
        return Response(json.dumps(json_values.write(shape, result) if shape else {}), media_type=JSON)


def protocol(call: AwsRequest) -> str:
    headers = call.headers
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return CBOR
    return JSON if "x-amz-target" in headers else QUERY


def error_for(call: AwsRequest, error: AwsError) -> AwsError:
    """Clients of the newer protocols look for the query protocol's error code in a header ("awsQueryCompatible")."""
    if protocol(call) != QUERY:
        error.headers = {"x-amzn-query-error": f"{error.code};{'Sender' if error.status < 500 else 'Receiver'}"}
    return error


def _decoded(body: bytes) -> object:
    try:
        return cbor.decode(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The request body is not valid CBOR: {error}") from None


def _inflated(call: AwsRequest, body: bytes) -> bytes:
    if call.headers.get("content-encoding") != "gzip":
        return body
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, MOST_INFLATED)
    except zlib.error as error:
        raise AwsError("SerializationException", f"The request body is not valid gzip: {error}") from None
    if inflater.unconsumed_tail:
        raise AwsError("RequestEntityTooLarge", "The request body is too large once it is decompressed.", status=413)
    return inflated


def _typed(shape: Shape, value: object, path: str) -> object:
    """What the query parser leaves as text: numbers with a fraction, and times."""
    if shape.type == "structure":
        return {name: _typed(shape.members[name].shape, inner, f"{path}.{name}".lstrip(".")) for name, inner in value.items()}
    if shape.type == "list":
        return [_typed(shape.element, inner, f"{path}.member.{number}") for number, inner in enumerate(value, start=1)]
    try:
        if shape.type in ("double", "float"):
            return float(value)
        if shape.type == "timestamp":
            return _moment(value)
    except ValueError:
        raise AwsError("InvalidParameterValue", f"The value {value} for parameter {path} is invalid.") from None
    return value


def _moment(text: str) -> float:
    """Unix seconds of an ISO 8601 time, which is in UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _tagged(shape: Shape, value: object) -> object:
    """A value with its time stamps as `datetime` and its numbers as the model has them."""
    if shape.type == "structure":
        return {name: _tagged(shape.members[name].shape, inner) for name, inner in value.items() if inner is not None}
    if shape.type == "list":
        return [_tagged(shape.element, inner) for inner in value]
    if shape.type == "map":
        return {key: _tagged(shape.value, inner) for key, inner in value.items()}
    if shape.type == "timestamp":
        return datetime.fromtimestamp(value, UTC)
    return float(value) if shape.type in ("double", "float") else value
