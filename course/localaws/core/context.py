"""Who asks for what and where: what every operation, and every background thread of a family, is handed."""

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
"""What an operation answers: the members of its output shape, or a ready response where the answer is a stream or raw bytes."""

Operation = Callable[[Context, dict], Result | Awaitable[Result]]
"""One operation's behaviour. Its parameters are validated; time stamps are Unix seconds (float), blobs are bytes."""
