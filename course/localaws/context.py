"""The caller, region and account of an operation. Every handler and every background thread of a family receives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Principal

if TYPE_CHECKING:
    from course.localaws.platform import Platform


@dataclass(frozen=True, slots=True)
class Context:
    """The region and account in which an operation acts.

    ``principal`` and ``call`` are those of the request. Both are ``None`` if there is no request, e.g. when a family continues
    its jobs after a restart (`ResourceEngine.every`).
    """

    region: str
    account: str
    platform: Platform
    principal: Principal | None = None
    call: AwsRequest | None = None

    @classmethod
    def of(cls, platform: Platform, call: AwsRequest) -> Context:
        return cls(call.region, platform.account, platform, call.principal, call)


Result = dict | Response | None
"""The answer of an operation: the members of its output shape, or a response where the answer is a stream or raw bytes."""

Operation = Callable[[Context, dict], Result | Awaitable[Result]]
"""The handler of one operation. Its parameters are validated; time stamps are Unix seconds (float), blobs are bytes."""


def by_region(function: Callable[[str, dict], dict]) -> Operation:
    """Makes a handler from a function that needs only the region. Such a function can also run without a request."""
    return lambda context, params: function(context.region, params)
