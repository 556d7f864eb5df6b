"""Every service that moto serves, as one `Service`: the caller's policies are checked before moto gets the request."""

from __future__ import annotations

from functools import cache

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.iam.service_authorization.permissions import ServicePermissions
from course.localaws.moto import canned, parameters
from course.localaws.moto.own_records import records_of
from course.localaws.platform import Platform
from course.localaws.protocol import aws_json, query, rest_json, rpc_v2_cbor
from course.localaws.protocol.model import service_model
from course.localaws.protocol.service import Service, Stages

_REFUSALS = {  # protocol -> code and status of a refusal; those of REST services are `rest_json`'s
    "ec2": query.ACCESS_DENIED,
    "json": aws_json.ACCESS_DENIED,
    "query": query.ACCESS_DENIED,
    "smithy-rpc-v2-cbor": rpc_v2_cbor.ACCESS_DENIED,
}

_NAMED = {"sns": ("TopicArn", "TargetArn", "Name"), "sqs": ("QueueUrl", "QueueName")}  # model -> the parameters that name its resources


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` of all signing names without a package of their own."""
    return MotoService("moto", platform, {}, fallback=platform.moto, stages=stages)


class MotoService(Service):
    """The service of all signing names without a package of their own."""

    async def _answer(self, call: AwsRequest) -> Response:
        if self.options.stages.any:
            request = await parameters.read(call)
            call.operation = request.operation
            call.resource = _resource(request)
            if self.options.stages.authorization:
                await self._require(call, request)
            if request.model:
                self._record(service_model(request.model).operation_model(request.operation), call, request.params)
                canned.check(call.service, request.operation)
        return await self._fall_back(call)

    async def _require(self, call: AwsRequest, request: parameters.MotoRequest) -> None:
        moto = self._platform.moto
        if not moto.loaded:  # its records say what the resources are
            await moto.run_async(lambda: None)
        needed = _permissions(request.prefix, request.model, self._platform.account).required(call, request.params)
        code, status = _REFUSALS.get(request.protocol, rest_json.ACCESS_DENIED)
        await self._platform.identity.callers.require(call, needed, code, status)


def _resource(request: parameters.MotoRequest) -> str:
    """The resource for the request log: the name of the queue or the topic that a request names by its URL, ARN or name."""
    members = _NAMED.get(request.model, ())
    named = next((request.params[member] for member in members if isinstance(request.params.get(member), str)), "")
    return named.rpartition("/")[2].rpartition(":")[2]


@cache
def _permissions(prefix: str, model: str, account: str) -> ServicePermissions:
    return ServicePermissions(prefix, model, records_of(prefix, account))
