"""How many bytes of objects leave their region, for the bill.

Matches AWS ("Amazon S3 pricing"; "Understanding your AWS billing and usage reports for Amazon S3"): bytes that GetObject sends to the
internet cost by the tiers of a month, and those that CopyObject and UploadPartCopy take to a bucket in another region cost by the pair of
regions. What comes in costs nothing, and so does what a job, a model server, a function, a pipeline, Athena or Glue reads.

The internet is here every caller whose keys do not belong to a program on AWS (`Principal.inside`): the learner's own programs, also with
a role that they have assumed, and with a URL that they have presigned. A role that a job has assumed is used within AWS.

Differs from AWS: only the bytes of objects count, not headers, lists and errors. A program on AWS reads every bucket as if it were in its
own region. An answer that the client breaks off counts as far as it was written to the connection.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.billing import prices
from course.localaws.billing.usage import GIGABYTE, Item
from course.localaws.context import Context
from course.localaws.s3.buckets import ARN
from course.localaws.s3.objects import StoredObject

SERVICE, TO_INTERNET, TO_REGION = "AWSDataTransfer", "DataTransfer-Out-Bytes", "{region}-AWS-Out-Bytes"


def meter(context: Context, sent: StoredObject) -> Callable[[int], None]:
    """A function that counts bytes of an object which were sent to the caller."""
    if context.principal.inside:
        return lambda size: None
    item = _item(context, sent, TO_INTERNET)
    return lambda size: context.platform.usage.count(item, size / GIGABYTE)


def meter_copy(context: Context, source: StoredObject, bucket: str, size: int) -> None:
    """Count bytes of an object that were copied to a bucket, if that is in another region."""
    there = context.platform.objects.buckets.get(bucket).region
    item = _item(context, source, TO_REGION.format(region=prices.prefix(there)))
    if item.region != there:
        context.platform.usage.count(item, size / GIGABYTE)


def _item(context: Context, source: StoredObject, usage_type: str) -> Item:
    region = context.platform.objects.buckets.get(source.bucket).region
    return Item(SERVICE, usage_type, context.call.operation, region, f"{ARN}{source.bucket}")
