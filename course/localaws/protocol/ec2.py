"""ec2Query: awsQuery with a different form of errors. moto serves EC2, so this module only writes errors.

Source: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol.query import error_elements


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response."""
    details = f"<Errors><Error>{error_elements(error)}</Error></Errors><RequestID>{request_id}</RequestID>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{details}</Response>', error.status, media_type="text/xml")
