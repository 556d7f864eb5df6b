"""What an invocation returns, to a request and to other services of the local AWS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The end of one invocation.

    Attributes
    ----------
    payload : bytes
        What the handler returned, as JSON; for an error ``{"errorMessage", "errorType", ...}``.
    function_error : str
        ``"Unhandled"`` when the function failed, else ``""``.
    version : str
        The version that ran.
    request_id : str
    log : bytes
        The last 4 KB of its log.
    """

    payload: bytes
    function_error: str
    version: str
    request_id: str
    log: bytes = b""
