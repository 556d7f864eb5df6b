"""One S3 request as its operation sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.s3.store import ObjectStore


@dataclass(frozen=True, slots=True)
class S3Request:
    """``params`` are the operation's input members; a streaming body is still in ``call``."""

    store: ObjectStore
    call: AwsRequest
    params: dict

    @property
    def bucket(self) -> str:
        return self.params["Bucket"]

    @property
    def key(self) -> str:
        return self.params["Key"]

    @property
    def account(self) -> str:
        return self.call.principal.account

    @property
    def owner(self) -> dict:
        """The account's canonical user id, made of its number: 64 hex digits, as AWS's."""
        return {"ID": hashlib.sha256(self.account.encode()).hexdigest()}


Result = dict | Response | None
Operation = Callable[[S3Request], Result | Awaitable[Result]]
