"""The caller, region and account of an operation: what every handler and every background thread of a family receives."""

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

    ``principal`` and ``call`` are those of the request; both are ``None`` where there is none, as when a family goes on with
    its jobs after a restart (`Engine.every`).
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
    """The handler for a function that needs only the region of the context. Such functions also run without a request."""
    return lambda context, params: function(context.region, params)
