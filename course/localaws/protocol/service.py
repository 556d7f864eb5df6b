"""The dispatcher: runs one request of any service, from the gateway to the response.

Its stages are parse, validate, authorize, record, dispatch, serialise and emit. `Stages` enables the optional ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from botocore.model import OperationModel, ServiceModel
from starlette.responses import Response

from course.localaws.cloudtrail import audit, elements
from course.localaws.cloudtrail.records import api_call_event, is_delivered
from course.localaws.cloudtrail.user_identity import user_identity
from course.localaws.context import Context, Operation, Result
from course.localaws.core import lanes
from course.localaws.core.call import AwsRequest, Handler
from course.localaws.core.errors import AwsError, invalid, not_supported, validation_error
from course.localaws.core.quota import QuotaReached
from course.localaws.iam.authorization import RequiredPermission
from course.localaws.iam.callers import Caller
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol import conformity, depth_errors, query, quota_errors, validation
from course.localaws.protocol.model import errors, service_model
from course.localaws.protocol.protocols import Codec, codec_of

_OWN_THREADS = CapacityLimiter(8)  # of the caller who goes first

Thunk = Callable[[], Result | Awaitable[Result]]
Permissions = Callable[[AwsRequest, dict], Iterable[RequiredPermission] | Awaitable[Iterable[RequiredPermission]]]


@dataclass(frozen=True, slots=True)
class Stages:
    """The optional stages of a service.

    Attributes
    ----------
    authorization : bool
        Whether the caller's policies are checked.
    audit : bool
        Whether the request log stores parameters and responses, without secrets.
    events : bool
        Whether EventBridge receives "AWS API Call via CloudTrail" events also where no trail logs.
    """

    authorization: bool = False
    audit: bool = False
    events: bool = False

    @property
    def any(self) -> bool:
        return self.authorization or self.audit or self.events


async def on_loop(function: Thunk) -> Result | Awaitable[Result]:
    """Runs a non-blocking handler in the event loop."""
    return function()


async def in_thread(function: Thunk) -> Result | Awaitable[Result]:
    """Runs a blocking handler in a thread, so that other requests can continue."""
    return await to_thread.run_sync(function, limiter=_OWN_THREADS if lanes.is_first() else None)


@dataclass(kw_only=True)
class Options:
    """The settings of a service.

    Attributes
    ----------
    stages : Stages
    permissions : callable, optional
        Request and parameters -> the permissions that the caller needs, perhaps to be awaited. By default those that follow from AWS's
        Service Authorization Reference alone.
    fallback : callable, optional
        Serves the operations that have no handler. Without a fallback they are refused.
    falls_back : callable
        Context and parameters -> whether the fallback serves a request although its operation has a handler.
    parse_all, validate_all : bool
        Whether requests without a handler are parsed and validated before they are refused. An invalid request then gets the more
        useful error.
    invalid : callable or None
        Creates the error for parameters that violate the model's constraints. ``None`` disables the checks of requests and results, for
        services whose responses on AWS do not fit the model.
    prepare : callable, optional
        Completes and checks the parameters in the service's own way.
    run : callable
        Runs the handler: `on_loop`, `in_thread`, or in moto's thread.
    resource : callable
        Name and parameters -> the resource that the request log shows.
    finish : callable
        Modifies the response of a handler.
    codec : Codec, optional
        Reads and writes the service's protocol. By default the service's model selects it.
    model_of : callable, optional
        Request -> model, for services that share a signing name.
    backend : object, optional
        The object that holds the service's state. It may have the methods ``recover``, ``reset`` and ``shutdown``.
    """

    stages: Stages = Stages()
    permissions: Permissions | None = None
    fallback: Handler | None = None
    falls_back: Callable[[Context, dict], bool] = lambda context, params: False
    parse_all: bool = False
    validate_all: bool = False
    invalid: Callable[[str], AwsError] | None = invalid
    prepare: Callable[[OperationModel, AwsRequest, dict], Awaitable[None]] | None = None
    run: Callable[[Thunk], Awaitable[Any]] = on_loop
    resource: Callable[[str, dict], str] | None = None
    finish: Callable[[AwsRequest, Response], None] = lambda call, response: None
    codec: Codec | None = None
    model_of: Callable[[AwsRequest], ServiceModel] | None = None
    backend: Any = None


class Service:
    """One service behind the gateway: an async callable that maps an `AwsRequest` to a response.

    With ``LOCALAWS_STRICT=1`` in the environment, as in tests, a result that does not fit the model raises ``InternalFailure``.

    Parameters
    ----------
    name : str
        botocore's name of the service: ``"sagemaker"``, ``"cloudwatch"``, ...
    platform : Platform
    operations : dict
        Name -> handler.
    options
        See `Options`.
    """

    def __init__(self, name: str, platform: Platform, operations: Mapping[str, Operation], **options: Any) -> None:
        self.name, self._platform, self.operations = name, platform, operations
        self.options = Options(**options)
        self.backend = self.options.backend
        self._permissions: Permissions = self.options.permissions or of_model(name).required
        self._strict = conformity.strict() and self.options.invalid is not None

    async def __call__(self, call: AwsRequest) -> Response:
        if self.options.stages.audit or self.options.stages.events:
            call.caller = self._platform.identity.callers.caller(call.principal)
        # asked before the call is answered: StopLogging is the last event of a trail
        is_event = self.options.stages.events or not self._platform.logged_regions.isdisjoint(("*", call.region))
        try:
            response = await self._answer(call)
        except AwsError as error:
            if is_event:
                self._emit(call, error.code, error.message)
            raise
        if is_event and response.status_code < 400:  # the fallback returns its errors as responses, without a code
            self._emit(call)
        return response

    async def _answer(self, call: AwsRequest) -> Response:
        options = self.options
        if options.fallback and not options.parse_all and not options.stages.any and call.operation not in self.operations:
            return await self._fall_back(call)
        model = options.model_of(call) if options.model_of else service_model(self.name)
        codec = options.codec or codec_of(model, call)
        try:
            name = await codec.operation(model, call)
            call.operation = name
            handler = self.operations.get(name)
            if handler is None and options.fallback is None and not options.parse_all:
                raise not_supported(model.service_name, name)
            if name not in model.operation_names:  # the JSON protocols have refused it already
                raise AwsError("InvalidAction", f"Could not find operation {name[:200]} of {model.service_name}.")
            operation = model.operation_model(name)
            params = await self._parse(codec, operation, call)
            context = Context.of(self._platform, call)
            ours = not options.fallback or (handler is not None and not options.falls_back(context, params))
            if ours:
                self._validate(operation, params, handler)
            await self._authorize(codec, call, params)
            self._record(operation, call, params)
            if ours:
                self._platform.quota.admit_request(name, call.size)
                return await self._dispatch(codec, operation, context, handler, params)
        except QuotaReached as error:
            own = quota_errors.modelled(model.operation_model(call.operation), error)
            _add_query_error(model, codec, own)
            raise own from None
        except RecursionError as error:
            own = depth_errors.of(self.name, call.operation)
            _add_query_error(model, codec, own)
            raise own from error
        except AwsError as error:
            _add_query_error(model, codec, error)
            raise
        return await self._fall_back(call)

    async def _fall_back(self, call: AwsRequest) -> Response:
        """Let the fallback serve a call. The request log reads the response from the message."""
        response = await self.options.fallback(call)
        if self.options.stages.audit and audit.is_recorded(self._platform.recorded_data, call):
            call.answer = response
        return response

    async def _parse(self, codec: Codec, operation: OperationModel, call: AwsRequest) -> dict:
        params = await codec.parse(operation, call)
        if self.options.resource:
            call.resource = self.options.resource(operation.name, params)
        if self.options.prepare:
            await self.options.prepare(operation, call, params)
        return params

    def _validate(self, operation: OperationModel, params: dict, handler: Operation | None) -> None:
        """Raises AwsError for parameters that violate the model, and for an operation without a handler."""
        if handler is None and not self.options.validate_all:
            raise not_supported(operation.service_model.service_name, operation.name)
        if self.options.invalid:
            validate(operation, params, self.options.invalid)
        if handler is None:
            raise not_supported(operation.service_model.service_name, operation.name)

    async def _authorize(self, codec: Codec, call: AwsRequest, params: dict) -> None:
        """Raises AwsError unless the caller's policies allow the call."""
        if self.options.stages.authorization:
            needed = self._permissions(call, params)
            if inspect.isawaitable(needed):
                needed = await needed
            await self._platform.identity.callers.require(call, needed, *codec.ACCESS_DENIED)

    def _record(self, operation: OperationModel, call: AwsRequest, params: dict) -> None:
        """Store the parameters in the call for the request log, which the gateway writes, and for events."""
        stages = self.options.stages
        if (stages.audit or stages.events) and audit.is_recorded(self._platform.recorded_data, call):
            call.model, call.parameters = operation, elements.request_parameters(operation, params, call.headers.get("host", ""))

    async def _dispatch(self, codec: Codec, operation: OperationModel, context: Context, handler: Operation, params: dict) -> Response:
        result = await self.options.run(lambda: handler(context, params))
        if inspect.isawaitable(result):
            result = await result
        response = result if isinstance(result, Response) else self._serialise(codec, operation, result, context.call.id)
        if context.call.parameters is not None and isinstance(result, dict):
            audit.keep_result(context.call, operation, result)
        self.options.finish(context.call, response)
        return response

    def _serialise(self, codec: Codec, operation: OperationModel, result: dict | None, request_id: str) -> Response:
        if self._strict:
            conformity.check(operation, result)
        return codec.serialise(operation, result, request_id)

    def _emit(self, call: AwsRequest, error: str = "", message: str = "") -> None:
        if is_delivered(call):
            platform = self._platform
            caller = call.caller.result() if isinstance(call.caller, Future) and _succeeded(call.caller) else call.caller
            identity = user_identity(caller, call.principal) if isinstance(caller, Caller) else None
            entry = api_call_event(call, platform.account, identity, error, message, platform.clock.now())
            platform.events.publish(call.region, entry)


def _succeeded(looked_up: Future) -> bool:
    return looked_up.done() and not looked_up.cancelled() and looked_up.exception() is None


def validate(operation: OperationModel, params: dict, invalid: Callable[[str], AwsError] = invalid) -> None:
    """Check parameters against the operation's input shape.

    Raises
    ------
    AwsError
        The error that ``invalid`` creates, or ``ValidationError`` when the operation models that error. It lists the violations.
    """
    found = validation.violations(operation.input_shape, params)
    if found:
        message = validation.message(found)
        raise validation_error(message) if "ValidationError" in errors(operation) else invalid(message)


def _add_query_error(model: ServiceModel, codec: Codec, error: AwsError) -> None:
    """Adds the query protocol's error code as a header, which clients of newer protocols read ("awsQueryCompatible")."""
    if "awsQueryCompatible" in model.metadata and codec is not query:
        error.headers = {"x-amzn-query-error": f"{error.code};{'Sender' if error.status < 500 else 'Receiver'}"}
