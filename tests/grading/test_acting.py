"""Requests that a check makes as somebody else are recorded, and replayed, with its own."""

import boto3

from course.grading.acting import client_with
from course.grading.submission.evidence import Evidence, replaying

KEYS = {"AccessKeyId": "AKIAOTHER", "SecretAccessKey": "secret", "SessionToken": "token"}


def test_a_request_with_other_keys_goes_through_the_clients_own_handlers() -> None:
    own, seen = boto3.client("s3", "us-east-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="a", aws_secret_access_key="b"), []

    def answer(request: object, **_: object) -> object:
        seen.append(request.headers["Authorization"])
        return _empty(request)

    own.meta.events.register("before-send", answer)
    client_with(own, KEYS).list_buckets()
    assert len(seen) == 1 and b"AKIAOTHER" in (seen[0] if isinstance(seen[0], bytes) else seen[0].encode())


def test_a_replayed_client_answers_for_the_other_keys_too() -> None:
    own = replaying(Evidence())("s3")
    try:
        client_with(own, KEYS).list_buckets()
    except Exception as error:
        assert type(error).__name__ == "NotRecorded"
    else:
        raise AssertionError("nothing was recorded")


def _empty(request: object) -> object:
    from io import BytesIO

    from botocore.awsrequest import AWSResponse

    class Raw(BytesIO):
        def stream(self, size: int = 1 << 16, **_: object) -> object:
            yield self.read()

    return AWSResponse(request.url, 200, {}, Raw(b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"))
