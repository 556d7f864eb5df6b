"""The Invoke operation, and asynchronous invocations by other services of the local AWS."""

from __future__ import annotations

import asyncio
import base64
import uuid
from concurrent.futures import ThreadPoolExecutor

from course.localaws.awslambda import names, resource_policy
from course.localaws.awslambda.errors import too_large
from course.localaws.awslambda.execution.event_queue import EventQueue
from course.localaws.awslambda.execution.invoker import Invoker
from course.localaws.awslambda.functions import Functions
from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.store import Function
from course.localaws.context import Context
from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform

_UNSUPPORTED = ("DurableExecutionName", "TenantId")


class Invocations:
    """Invokes functions.

    Parameters
    ----------
    platform : Platform
    functions : Functions
    invoker : Invoker
    events : EventQueue
    """

    def __init__(self, platform: Platform, functions: Functions, invoker: Invoker, events: EventQueue) -> None:
        self._platform, self._functions, self._invoker, self._events = platform, functions, invoker, events
        # Not the threads of other operations: a function waits for those, so it must not keep them busy.
        self._threads = ThreadPoolExecutor(limit("concurrency") + 1, thread_name_prefix="lambda")

    async def operation(self, context: Context, params: dict) -> dict:
        """Invoke."""
        for option in _UNSUPPORTED:
            if params.get(option):
                raise not_supported("lambda", f"Invoke with {option}")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answered, context, params)

    def invoke_event(self, arn: str, payload: bytes, *, token: str = "", service: str = "", source: str = "") -> None:
        """Invoke a function asynchronously for another service: keep the event until the function has succeeded, or has failed three times.

        Parameters
        ----------
        arn : str
            ARN of the function, with or without a version or alias.
        payload : bytes
            The event as JSON.
        token : str
            A second invocation with the same token does nothing.
        service, source : str
            The service principal that invokes, e.g. ``"sns.amazonaws.com"``, and the ARN of what makes it do so, e.g. of a topic. The
            function's resource-based policy must allow it. Without a service, it is not asked.

        Raises
        ------
        AwsError
            ``ResourceNotFoundException``, ``AccessDeniedException``, ``InvalidRequestContentException``,
            ``RequestEntityTooLargeException``.
        """
        wanted, _ = self._invocable(arn, service, source)
        self._events.accept(wanted, _checked(payload, "Event"), str(uuid.uuid4()), token=token)

    def invoke(self, arn: str, payload: bytes, *, service: str, source: str) -> str:
        """Invoke a function for another service, and wait for its answer. The parameters are those of `invoke_event`.

        Returns
        -------
        str
            The error of the function; empty when it succeeded.

        Raises
        ------
        AwsError
            As `invoke_event`, and ``TooManyRequestsException``, or ``ServiceException`` when the local AWS is stopping.
        """
        wanted, function = self._invocable(arn, service, source)
        result = self._invoker.invoke(wanted, function, _checked(payload, "RequestResponse"), str(uuid.uuid4()))
        return result.payload.decode(errors="replace") if result.function_error else ""

    def check_invocable(self, arn: str, *, service: str, source: str) -> None:
        """Raises AwsError ``ResourceNotFoundException``, ``AccessDeniedException`` unless a service may invoke a function."""
        self._invocable(arn, service, source)

    def _invocable(self, arn: str, service: str, source: str) -> tuple[names.FunctionReference, Function]:
        """A function that a service may invoke."""
        wanted = names.of_arn(self._platform.account, arn)
        function = self._functions.present(wanted)
        if service and not resource_policy.allows(function, wanted, service, source):
            action = resource_policy.INVOKE
            what = f"{service} is not authorized to perform: {action} on resource: {wanted.arn}"
            raise AwsError("AccessDeniedException", f"{what} because no resource-based policy allows the {action} action", 403)
        return wanted, function

    def shutdown(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _answered(self, context: Context, params: dict) -> dict:
        kind = params.get("InvocationType", "RequestResponse")
        payload = _checked(params.get("Payload", b""), kind)
        wanted, function, _ = self._functions.found(context, params)
        if kind == "DryRun":
            return {"StatusCode": 204}
        client_context = params.get("ClientContext", "")
        if kind == "Event":
            self._events.accept(wanted, payload, context.call.id, client_context)
            return {"StatusCode": 202}
        result = self._invoker.invoke(wanted, function, payload, context.call.id, client_context)
        answer = {"StatusCode": 200, "Payload": result.payload, "ExecutedVersion": result.version}
        answer |= {"FunctionError": result.function_error} if result.function_error else {}
        return answer | ({"LogResult": base64.b64encode(result.log).decode()} if params.get("LogType") == "Tail" else {})


def _checked(payload: bytes, kind: str) -> bytes:
    """The event of a request; without one, an empty document. Raises AwsError when it is too large or not JSON."""
    if kind == "Event" and len(payload) > limit("event"):
        raise too_large(f"{len(payload)} byte payload is too large for the Event invocation type (limit {limit('event')} bytes)")
    if len(payload) > limit("request"):
        raise too_large(f"Request must be smaller than {limit('request')} bytes for the InvokeFunction operation")
    if not payload.strip():
        return b"{}"
    try:
        json_text.load(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise AwsError("InvalidRequestContentException", message, Type="User") from None
    return payload
