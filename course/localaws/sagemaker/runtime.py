"""InvokeEndpoint: hands a request to a server of the endpoint and its answer back, in AWS's words when that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import aiohttp
from starlette.responses import Response

from course.localaws.errors import AwsError
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.hosting import log_group
from course.localaws.sagemaker.invocation_metrics import Invocation, InvocationMetrics
from course.localaws.sagemaker.live import Live, LiveEndpoints, unavailable

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.fleets import Variant
    from course.localaws.sagemaker.hosting import ModelServer

# "A customer's model containers must respond to requests within 60 seconds" (InvokeEndpoint in the API reference).
TIMEOUT_SECONDS = 60.0
LONGEST_ORIGINAL_MESSAGE = 2048  # characters, by ModelError's documentation
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 60.0  # less than `serving.KEEP_ALIVE_SECONDS`, so that no request meets a connection that is just being closed
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
PASSED_ON = {  # parameter -> header of the request to the container; SageMaker strips all others
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": CUSTOM_ATTRIBUTES,
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}
# Parameters that need a kind of endpoint that the local AWS does not have yet, so that no endpoint is of it.
NOT_FOR_THIS_KIND = {
    "TargetModel": "is not a multi-model endpoint and does not support target model header.",
    "TargetContainerHostname": "is not a multi-container endpoint and does not support target container hostname header.",
    "InferenceComponentName": "has no inference components and does not support inference component name header.",
    "EnableExplanations": "has no explainer and does not support enable explanations header.",
    "SessionId": "does not support stateful sessions.",
    "PrefixAwareId": "does not route by prefix and does not support prefix aware id header.",
}


class Runtime:
    """The operations of ``sagemaker-runtime``."""

    def __init__(self, platform: Platform, live: LiveEndpoints) -> None:
        self._platform = platform
        self._live = live
        self._session: aiohttp.ClientSession | None = None
        self.metrics = InvocationMetrics(platform)
        self.operations = {"InvokeEndpoint": self.invoke}

    async def invoke(self, context: Context, params: dict) -> Response:
        """InvokeEndpoint.

        Raises
        ------
        AwsError
            ``ValidationError`` (no such endpoint or variant), ``ServiceUnavailable`` (no server is up), ``ModelError``.
        """
        began = time.perf_counter()
        name = params["EndpointName"]
        for member, reason in NOT_FOR_THIS_KIND.items():
            if member in params:
                raise AwsError("ValidationError", f"Endpoint {name} {reason}")
        endpoint = await self._live.in_service(context, name)
        variant, server = endpoint.take(params.get("TargetVariant"))
        try:
            status, headers, body, model = await self._call(server, params)
        except aiohttp.ClientConnectorError as error:
            raise unavailable() from error  # the server ended a moment ago; nothing reached it
        except aiohttp.ClientError:
            status, headers, body, model = 0, {}, b"An error occurred while handling request as the model process exited.", 0.0
        except TimeoutError:
            status, headers, body, model = 0, {}, timed_out(variant).encode(), TIMEOUT_SECONDS
        finally:
            endpoint.give_back(server)
        overhead = max(0.0, time.perf_counter() - began - model)
        self.metrics.note(
            Invocation(context.region, name, variant.name, self._platform.clock.now(), status, model, overhead, len(variant.servers))
        )
        if not 200 <= status < 300:
            raise model_error(context, endpoint, variant, status, body)
        return answer(variant, headers, body)

    async def _call(self, server: ModelServer, params: dict) -> tuple[int, Mapping[str, str], bytes, float]:
        """Status, headers and body of the container's answer, and the seconds that it took."""
        headers = {header: params[member] for member, header in PASSED_ON.items() if member in params}
        began = time.perf_counter()
        url = f"http://127.0.0.1:{server.port}/invocations"
        async with self._client().post(url, data=params.get("Body", b""), headers=headers, allow_redirects=False) as response:
            body = await response.read()
            return response.status, response.headers, body, time.perf_counter() - began

    def close(self) -> None:
        """Write what was noted and drop the connections. Not to be called in the event loop's own thread."""
        self.metrics.flush()
        session, self._session = self._session, None
        if session is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(session.close(), self._loop).result(CONNECT_SECONDS)

    def _client(self) -> aiohttp.ClientSession:
        """Made at the first call, since it belongs to the event loop."""
        if self._session is None:
            self._loop = asyncio.get_running_loop()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
                headers={"User-Agent": "AHC/2.0"},  # as containers see SageMaker
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def answer(variant: Variant, headers: Mapping[str, str], body: bytes) -> Response:
    response = Response(body, headers={"x-Amzn-Invoked-Production-Variant": variant.name})
    for header in ("Content-Type", CUSTOM_ATTRIBUTES):
        if header in headers:
            response.headers[header] = headers[header]
    return response


def model_error(context: Context, endpoint: Live, variant: Variant, status: int, body: bytes) -> AwsError:
    """``ModelError`` with what the container answered; its status is 0 when it answered nothing."""
    side = "client" if 400 <= status < 500 else "server"
    original = body.decode("utf-8", errors="replace")
    said = f'with message "{original}"'
    if len(original) > LONGEST_ORIGINAL_MESSAGE:
        original, said = original[:LONGEST_ORIGINAL_MESSAGE], "and could not load the entire response body"
    group = log_group(endpoint.name)
    console = f"https://{context.region}.console.aws.amazon.com/cloudwatch/home?region={context.region}#logEventViewer:group={group}"
    return AwsError(
        "ModelError",
        f"Received {side} error ({status}) from {variant.container} {said}. "
        f"See {console} in account {context.account} for more information.",
        424,
        OriginalStatusCode=status,
        OriginalMessage=original,
        LogStreamArn=f"arn:aws:logs:{context.region}:{context.account}:log-group:{group}",
    )


def timed_out(variant: Variant) -> str:
    return (
        f"Your invocation timed out while waiting for a response from container {variant.container}. "
        "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )
