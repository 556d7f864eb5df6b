"""One service's contract: requests in, responses out."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from course.localaws.call import Call
from course.localaws.contract.model import Model
from course.localaws.errors import AwsError


class Contract:
    """Parses, validates and answers the requests of one service.

    Parameters
    ----------
    service : str
        botocore's name: ``"sagemaker"``, ``"sagemaker-runtime"``, ...
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._model = Model(service)

    def routes(self, request: Request) -> bool:
        return False

    def parse(self, call: Call, body: bytes) -> tuple[str, dict]:
        operation = call.request.headers.get("x-amz-target", "").rpartition(".")[2]
        if operation not in self._model.operations:
            raise AwsError("UnknownOperationException", f"The requested operation is not recognized by the service: {operation!r}.", 400)
        return operation, json.loads(body or b"{}")

    def validate(self, operation: str, params: dict) -> None:
        pass

    def serialise(self, operation: str, result: dict | None) -> Response:
        return Response(json.dumps(result or {}), media_type="application/x-amz-json-1.1")
