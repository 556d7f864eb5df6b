"""InvokeEndpoint: hands a request to an instance of the endpoint and its answer back, in AWS's words when that fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.responses import Response

from course.localaws.errors import AwsError
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.hosting import log_group
from course.localaws.sagemaker.invocation import CUSTOM_ATTRIBUTES, Invoker, Reply, Unreachable
from course.localaws.sagemaker.invocation_metrics import Invocation, InvocationMetrics
from course.localaws.sagemaker.live import Live, LiveEndpoints, unavailable
from course.localaws.sagemaker.model_store import NOT_LOADED, LoadFailed

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.fleets import Variant

# "A customer's model containers must respond to requests within 60 seconds" (InvokeEndpoint in the API reference).
TIMEOUT_SECONDS = 60.0
LONGEST_ORIGINAL_MESSAGE = 2048  # characters, by ModelError's documentation
# Parameters that need a kind of endpoint that the local AWS does not have yet, so that no endpoint is of it.
NOT_FOR_THIS_KIND = {
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
        self._invoker = Invoker()
        self.metrics = InvocationMetrics(platform)
        self.operations = {"InvokeEndpoint": self.invoke}

    async def invoke(self, context: Context, params: dict) -> Response:
        """InvokeEndpoint.

        Raises
        ------
        AwsError
            ``ValidationError`` (no such endpoint, variant or container), ``ServiceUnavailable`` (no server is up), ``ModelError``.
        """
        began = time.perf_counter()
        name = params["EndpointName"]
        for member, reason in NOT_FOR_THIS_KIND.items():
            if member in params:
                raise AwsError("ValidationError", f"Endpoint {name} {reason}")
        endpoint = await self._live.in_service(context, name)
        took: dict[str, float] = {}
        variant, instance = await endpoint.take(params.get("TargetVariant"), params.get("TargetModel"), took)
        try:
            async with instance.route(name, params, self._invoker, took) as steps:
                reply = await self._invoker.through(steps, params, TIMEOUT_SECONDS)
            if reply.status == NOT_LOADED and "TargetModel" in params:
                instance.forget(params["TargetModel"])
        except Unreachable as error:
            raise unavailable() from error
        except LoadFailed as error:
            reply = error.reply
        finally:
            endpoint.give_back(variant, instance)
        waited = took.get("ModelSetupTime", 0.0) + took.get("ModelLoadingWaitTime", 0.0)
        overhead = max(0.0, time.perf_counter() - began - reply.seconds - waited)
        moment, instances = self._platform.clock.now(), len(variant.instances)
        containers = tuple(reply.containers) if len(reply.containers) > 1 else ()
        call = context.region, name, variant.name, moment, reply.status, reply.seconds, overhead, instances, containers
        self.metrics.note(Invocation(*call, took, instance.loaded))
        if not reply.good:
            raise model_error(context, endpoint, reply)
        return answer(variant, reply.headers, reply.body)

    def close(self) -> None:
        """Write what was noted and drop the connections. Not to be called in the event loop's own thread."""
        self.metrics.flush()
        self._invoker.close()


def answer(variant: Variant, headers: Mapping[str, str], body: bytes) -> Response:
    response = Response(body, headers={"x-Amzn-Invoked-Production-Variant": variant.name})
    for header in ("Content-Type", CUSTOM_ATTRIBUTES):
        if header in headers:
            response.headers[header] = headers[header]
    return response


def model_error(context: Context, endpoint: Live, reply: Reply) -> AwsError:
    """``ModelError`` with what the container answered."""
    side = "client" if 400 <= reply.status < 500 else "server"
    original = reply.body.decode("utf-8", errors="replace")
    said = f'with message "{original}"'
    if len(original) > LONGEST_ORIGINAL_MESSAGE:
        original, said = original[:LONGEST_ORIGINAL_MESSAGE], "and could not load the entire response body"
    group = log_group(endpoint.name)
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
