"""An error as the answer to a request, in the protocol that the request speaks."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol.protocols import CODECS


def render(error: AwsError, protocol: str, head: RequestHead, service: str, request_id: str) -> Response:
    """``error`` as the answer to a request, with the headers that go with it.

    Parameters
    ----------
    protocol : str
        By botocore's name.
    service : str
        The signing name.
    """
    response = CODECS[protocol].render(error, head, service, request_id)
    response.headers.update(error.headers)
    return response
