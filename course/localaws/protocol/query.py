"""awsQuery: requests are forms with flattened parameters; responses are XML.

Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol.model import INTEGERS

ACCESS_DENIED = ("AccessDenied", 403)
Form = dict[str, str]
AFTER_DOT = chr(ord(".") + 1)


async def form_of(call: AwsRequest) -> Form:
    """Returns the flattened parameters from a request's query or body, including ``Action`` and ``Version``.

    Raises
    ------
    AwsError
        ``SerializationException``: the body is not UTF-8.
    """
    query = call.request.scope["query_string"].decode("latin-1")
    try:
        body = (await call.body()).decode()
    except UnicodeDecodeError as error:
        raise AwsError("SerializationException", f"The request body is not UTF-8: {error}") from None
    fields = {**parse_qs(query, keep_blank_values=True), **parse_qs(body, keep_blank_values=True)}
    return {name: values[0] for name, values in fields.items()}


async def operation(model: ServiceModel, call: AwsRequest) -> str:
    """Returns the operation that a request names; ``""`` when it names none."""
    return (await form_of(call)).get("Action", "")


async def parse(operation: OperationModel, call: AwsRequest) -> dict:
    """Returns the parameters of an operation, nested and typed by its model. Timestamps are Unix seconds.

    Raises
    ------
    AwsError
        ``ValidationError``: a required member is missing, or a value is not a whole number. ``InvalidParameterValue``: a value is
        not a number or a time.
    """
    return _structure(operation.input_shape, Fields(await form_of(call)), "") if operation.input_shape else {}


def serialise(operation: OperationModel, result: dict | None, request_id: str) -> Response:
    """Returns a result as an XML response. Omits members that are ``None`` or not in the model's shape."""
    shape, inner = operation.output_shape, ""
    if shape:
        wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
        inner = f"<{wrapper}>{_elements(shape, result or {})}</{wrapper}>"
    namespace = operation.service_model.metadata["xmlNamespace"]
    xml = (
        f'<{operation.name}Response xmlns="{namespace}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>"
    )
    return Response(xml, media_type="text/xml")


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response."""
    fault = "Sender" if error.status < 500 else "Receiver"
    details = f"<Error><Type>{fault}</Type>{error_elements(error)}</Error><RequestId>{request_id}</RequestId>"
    return Response(f"<ErrorResponse>{details}</ErrorResponse>", error.status, media_type="text/xml")


def error_elements(error: AwsError) -> str:
    """Returns an error's code, message and other members as XML."""
    fields = {"Code": error.code, "Message": error.message, **error.members}
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())


class Fields:
    """The fields of a form, sorted: a form may have a hundred thousand, and each member asks whether there are some below its name."""

    def __init__(self, form: Form) -> None:
        self._form, self._names = form, sorted(form)
        self.get = form.get

    def below(self, name: str) -> list[str]:
        """The names of the fields below a name."""
        first = bisect_left(self._names, f"{name}.")
        return self._names[first : bisect_left(self._names, f"{name}{AFTER_DOT}", first)]

    def given(self, name: str) -> bool:
        """Whether there is a field of that name, or one below it."""
        return name in self._form or bool(self.below(name))


def _structure(shape: StructureShape, form: Fields, prefix: str) -> dict:
    values = {}
    for name, member in shape.members.items():
        value = _value(member, form, prefix + member.serialization.get("name", name))
        if value is not None:
            values[name] = value
        elif name in shape.required_members:
            where = name[0].lower() + name[1:]
            message = f"1 validation error detected: Value null at '{where}' failed to satisfy constraint: Member must not be null"
            raise validation_error(message)
    return values


def _value(shape: Shape, form: Fields, name: str) -> object:
    if isinstance(shape, ListShape):
        return _list(shape, form, name if shape.serialization.get("flattened") else f"{name}.member")
    if isinstance(shape, StructureShape):
        return _structure(shape, form, f"{name}.") if form.given(name) else None
    text = form.get(name)
    return None if text is None else _scalar(shape, text, name)


def _list(shape: ListShape, form: Fields, name: str) -> list | None:
    values = []
    while form.given(f"{name}.{len(values) + 1}"):
        values.append(_value(shape.member, form, f"{name}.{len(values) + 1}"))
    return values or None


def _scalar(shape: Shape, text: str, name: str) -> object:
    kind = shape.type_name
    try:
        if kind in INTEGERS:
            return int(text)
        if kind in ("double", "float"):
            return float(text)
        if kind == "timestamp":
            return _seconds(text)
    except ValueError:
        if kind in INTEGERS:
            raise validation_error(f"1 validation error detected: Value '{text}' at '{name}' is not a whole number") from None
        raise AwsError("InvalidParameterValue", f"The value {text} for parameter {name} is invalid.") from None
    return text == "true" if kind == "boolean" else text


def _seconds(text: str) -> float:
    """Returns the Unix seconds of an ISO 8601 time. Without an offset it is in UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _elements(shape: StructureShape, values: dict) -> str:
    return "".join(
        _element(member.serialization.get("name", name), member, values[name])
        for name, member in shape.members.items()
        if values.get(name) is not None
    )


def _element(name: str, shape: Shape, value: object) -> str:
    if isinstance(shape, ListShape):
        inner = "".join(_element("member", shape.member, item) for item in value)
    elif isinstance(shape, MapShape):
        inner = "".join(
            f"<entry>{_element('key', shape.key, key)}{_element('value', shape.value, item)}</entry>" for key, item in value.items()
        )
    elif isinstance(shape, StructureShape):
        inner = _elements(shape, value)
    elif shape.type_name == "boolean":
        inner = "true" if value else "false"
    elif shape.type_name == "timestamp":
        inner = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"
