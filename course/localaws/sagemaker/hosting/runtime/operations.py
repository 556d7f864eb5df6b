"""The operations of ``sagemaker-runtime``: InvokeEndpoint and its streaming and asynchronous forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.hosting.asynchronous.inference import AsyncInference
from course.localaws.sagemaker.hosting.runtime import eventstream
from course.localaws.sagemaker.hosting.runtime.data_capture import DataCapture
from course.localaws.sagemaker.hosting.runtime.invocation import EndpointInvoker
from course.localaws.sagemaker.hosting.runtime.metrics import InvocationMetrics
from course.localaws.sagemaker.hosting.runtime.routing import ComponentRoutingTable, EndpointRouter, RoutingTable
from course.localaws.sagemaker.hosting.servers.container_client import CUSTOM_ATTRIBUTES, PIECE, Reply, StreamBroken, in_pieces
from course.localaws.sagemaker.hosting.servers.model_server import component_log_group, log_group

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant

# "A customer's model containers must respond to requests within 60 seconds" (InvokeEndpoint in the API reference).
TIMEOUT_SECONDS = 60.0
STREAM_SECONDS = 480.0  # of a streamed answer, by the same page: eight minutes
INVOKED_VARIANT = "x-Amzn-Invoked-Production-Variant"
LONGEST_ORIGINAL_MESSAGE = 2048  # characters, by ModelError's documentation
# Parameters for kinds of endpoints that the local AWS does not have yet.
UNSUPPORTED_PARAMETERS = {
    "PrefixAwareId": "does not route by prefix and does not support prefix aware id header.",
}


class Runtime:
    """The operations of ``sagemaker-runtime``."""

    def __init__(self, platform: Platform, endpoints: RoutingTable, components: ComponentRoutingTable) -> None:
        self._endpoints, self._components = endpoints, components
        self._metrics, self._capture = InvocationMetrics(platform), DataCapture(platform)
        self._invoker = EndpointInvoker(platform, self._metrics, self._capture)
        self.queued = AsyncInference(platform, endpoints, self._metrics, self._capture)
        self.operations = {
            "InvokeEndpoint": self.invoke,
            "InvokeEndpointWithResponseStream": self.stream,
            **self.queued.operations,
        }

    async def invoke(self, context: Context, params: dict) -> Response:
        """InvokeEndpoint.

        Raises
        ------
        AwsError
            As `EndpointInvoker.invoke`, or ``ModelError``.
        """
        endpoint = await self._endpoint(context, params)
        variant, reply = await self._invoker.invoke(context, endpoint, params, TIMEOUT_SECONDS)
        if not reply.ok:
            raise model_error(context, endpoint, reply)
        response = answer(variant, reply.headers, reply.body)
        response.headers.update(reply.sessions)
        return response

    async def stream(self, context: Context, params: dict) -> Response:
        """InvokeEndpointWithResponseStream: passes on each piece of the container's answer as it arrives. Raises as `invoke`."""
        endpoint = await self._endpoint(context, params)
        messages = self._messages(context, endpoint, params)
        variant, headers = await anext(messages)
        response = StreamingResponse(messages, media_type=eventstream.CONTENT_TYPE, headers={INVOKED_VARIANT: variant.name})
        for name, header in (("Content-Type", "X-Amzn-SageMaker-Content-Type"), (CUSTOM_ATTRIBUTES, CUSTOM_ATTRIBUTES)):
            if name in headers:
                response.headers[header] = headers[name]
        return response

    async def _messages(self, context: Context, endpoint: EndpointRouter, params: dict) -> AsyncIterator:
        """Yields the variant and the headers of its answer, then the messages of the event stream."""
        try:
            async with self._invoker.stream(context, endpoint, params, STREAM_SECONDS) as (variant, reply, pieces):
                if not reply.ok:
                    raise model_error(context, endpoint, reply)
                yield variant, reply.headers
                async for piece in pieces:
                    yield eventstream.payload_part(piece)
        except StreamBroken as error:
            yield eventstream.exception("ModelStreamError", {"Message": str(error), "ErrorCode": error.code})

    async def _endpoint(self, context: Context, params: dict) -> EndpointRouter:
        """The endpoint, or the inference component on it, that a request names. Raises AwsError."""
        name, component = params["EndpointName"], params.get("InferenceComponentName")
        for member, reason in UNSUPPORTED_PARAMETERS.items():
            if member in params:
                raise validation_error(f"Endpoint {name} {reason}")
        endpoint = await self._endpoints.in_service(context, name)
        if "Async" in endpoint.fleet.settings:
            raise validation_error(f"Endpoint {name} is an asynchronous endpoint; it takes requests by InvokeEndpointAsync.")
        if "SessionId" in params and any("Serverless" in variant.document for variant in endpoint.variants):
            raise validation_error(f"Endpoint {name} is serverless and does not support stateful sessions.")
        if component is None and "ComponentRole" not in endpoint.fleet.settings:
            return endpoint
        return await self._components.resolve(context, endpoint, component)

    def flush(self) -> None:
        """Write metrics and captured data that are still buffered. Must not be called from the event loop's thread."""
        self._metrics.flush()
        self._capture.flush()

    def close(self) -> None:
        """Write what is still buffered and close the connections. Must not be called from the event loop's thread."""
        self.flush()
        self._invoker.client.close()


def answer(variant: ProductionVariant, headers: Mapping[str, str], body: bytes) -> Response:
    about = {INVOKED_VARIANT: variant.name}
    if len(body) <= PIECE:
        response = Response(body, headers=about)
    else:
        response = StreamingResponse(in_pieces(body), headers=about | {"Content-Length": str(len(body))})
    for header in ("Content-Type", CUSTOM_ATTRIBUTES):
        if header in headers:
            response.headers[header] = headers[header]
    return response


def model_error(context: Context, endpoint: EndpointRouter, reply: Reply) -> AwsError:
    """``ModelError`` with the container's answer."""
    side = "client" if 400 <= reply.status < 500 else "server"
    original = reply.body.decode("utf-8", errors="replace")
    said = f'with message "{original}"'
    if len(original) > LONGEST_ORIGINAL_MESSAGE:
        original, said = original[:LONGEST_ORIGINAL_MESSAGE], "and could not load the entire response body"
    component = endpoint.fleet.settings.get("Component")
    group = component_log_group(component) if component else log_group(endpoint.name)
    console = f"https://{context.region}.console.aws.amazon.com/cloudwatch/home?region={context.region}#logEventViewer:group={group}"
    return AwsError(
        "ModelError",
        f"Received {side} error ({reply.status}) from {reply.hostname} {said}. "
        f"See {console} in account {context.account} for more information.",
        424,
        OriginalStatusCode=reply.status,
        OriginalMessage=original,
        LogStreamArn=f"arn:aws:logs:{context.region}:{context.account}:log-group:{group}",
    )
