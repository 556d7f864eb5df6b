"""Renders an error in the protocol of the request."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol.protocols import CODECS


def render(error: AwsError, protocol: str, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns ``error`` as the response to a request, including its headers.

    Parameters
    ----------
    protocol : str
        botocore's name of the protocol.
    service : str
        The signing name.
    """
    response = CODECS[protocol].render(error, head, service, request_id)
    response.headers.update(error.headers)
    return response
