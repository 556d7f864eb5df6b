"""Decompresses request bodies where the model allows compression (PutMetricData)."""

from __future__ import annotations

import zlib

from botocore.model import OperationModel

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError

# PutMetricData allows 1 MB. A body that is far larger after decompression is an attack.
MOST_INFLATED = 64 << 20


async def body_of(operation: OperationModel, call: AwsRequest) -> bytes:
    """Returns the body of a request, decompressed if it is gzip.

    Raises
    ------
    AwsError
        ``SerializationException``; ``RequestEntityTooLarge`` (413).
    """
    body = await call.body()
    if not operation.request_compression or call.headers.get("content-encoding") != "gzip":
        return body
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, MOST_INFLATED)
    except zlib.error as error:
        raise AwsError("SerializationException", f"The request body is not valid gzip: {error}") from None
    if inflater.unconsumed_tail:
        raise AwsError("RequestEntityTooLarge", "The request body is too large once it is decompressed.", status=413)
    return inflated
