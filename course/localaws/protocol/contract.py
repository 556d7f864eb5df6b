"""One service's contract: requests in, responses out."""

from __future__ import annotations

import os
from functools import cached_property

import orjson
from starlette.requests import Request
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.protocol import json_values, rest_json, validation
from course.localaws.protocol.conformity import mismatches
from course.localaws.protocol.model import ApiModel

STRICT = "LOCALAWS_STRICT"


class Contract:
    """Parses, validates and answers the requests of one service that speaks ``json`` or ``rest-json``.

    With ``LOCALAWS_STRICT=1`` in the environment, as in tests, a result that does not fit the model is an ``InternalFailure``.

    Parameters
    ----------
    service : str
        botocore's name: ``"sagemaker"``, ``"sagemaker-runtime"``, ...
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.model = ApiModel(service)
        self._strict = os.environ.get(STRICT) == "1"

    @property
    def operations(self) -> list[str]:
        return list(self.model.operations)

    def knows(self, request: Request) -> bool:
        """Whether the service has an operation with the request's method and path."""
        return self._routes.find(request) is not None

    def parse(self, call: AwsRequest, body: bytes) -> tuple[str, dict]:
        """The operation that a request names and its parameters, converted to the model's types but not validated.

        Raises
        ------
        AwsError
            ``UnknownOperationException``; ``SerializationException`` when the body is not what the types say.
        """
        return self._parse_json(call, body) if self._is_json else self._parse_rest(call, body)

    def validate(self, operation: str, params: dict) -> None:
        """Check the parameters against the operation's input shape.

        Raises
        ------
        AwsError
            ``ValidationException`` (``ValidationError`` for an operation that models an error of that name), with all violations.
        """
        found = validation.violations(self.model.input_of(operation), params)
        if found:
            code = "ValidationError" if "ValidationError" in self.errors(operation) else "ValidationException"
            raise AwsError(code, validation.message(found))

    def check_result(self, operation: str, result: dict | None) -> None:
        """Check a result against the operation's output shape.

        Raises
        ------
        AwsError
            ``InternalFailure``, with every mismatch: the local AWS is wrong, not its caller.
        """
        found = mismatches(self.model.output_of(operation), result)
        if found:
            raise AwsError("InternalFailure", f"The answer of {operation} does not fit its model: {'; '.join(found)}", 500)

    def serialise(self, operation: str, result: dict | None) -> Response:
        """The HTTP response of a result. ``None`` and empty structures are left out, and so are members unknown to the model."""
        if self._strict:
            self.check_result(operation, result)
        shape = self.model.output_of(operation)
        status = self.model.operations[operation]["http"].get("responseCode", 200)
        if shape is None:
            return Response(b"", status, media_type=self._media_type)
        if self._is_json:
            return Response(orjson.dumps(json_values.write_members(shape, result or {})), status, media_type=self._media_type)
        body, media_type = rest_json.write_body(shape, result or {})
        headers = dict(rest_json.write_headers(shape, result or {}))
        return Response(body if isinstance(body, bytes) else orjson.dumps(body), status, {"content-type": media_type} | _lowered(headers))

    def errors(self, operation: str) -> dict[str, int]:
        """The errors that the model lists for an operation: code -> HTTP status."""
        return self.model.errors_of(operation)

    @cached_property
    def _is_json(self) -> bool:
        return "json" in self.model.metadata.get("protocols", [self.model.metadata["protocol"]])

    @cached_property
    def _media_type(self) -> str:
        return f"application/x-amz-json-{self.model.metadata['jsonVersion']}" if self._is_json else "application/json"

    @cached_property
    def _routes(self) -> rest_json.Routes:
        return rest_json.Routes(self.model)

    def _parse_json(self, call: AwsRequest, body: bytes) -> tuple[str, dict]:
        prefix, _, operation = call.headers.get("x-amz-target", "").rpartition(".")
        if operation not in self.model.operations or prefix != self.model.metadata["targetPrefix"]:
            raise _unknown(f"{prefix}.{operation}")
        shape = self.model.input_of(operation)
        return operation, json_values.read(shape, json_values.load(body)) if shape else {}

    def _parse_rest(self, call: AwsRequest, body: bytes) -> tuple[str, dict]:
        found = self._routes.find(call.request)
        if found is None:
            raise _unknown(f"{call.request.method} {rest_json.raw_path(call.request)}", status=404)
        operation, labels = found
        shape = self.model.input_of(operation)
        return operation, rest_json.read(shape, call.request, labels, body) if shape else {}


def _unknown(what: str, status: int = 400) -> AwsError:
    return AwsError("UnknownOperationException", f"The service has no operation {what[:200]!r}.", status)


def _lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}
