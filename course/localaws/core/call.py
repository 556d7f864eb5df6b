"""A request whose signature was checked, as the gateway hands it to a service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.core.held import LARGEST, BodyTooLong, NoRoom, gather

if TYPE_CHECKING:  # `course aws` imports this module and stays quick
    from botocore.model import OperationModel


@dataclass(frozen=True, slots=True)
class RoleSession:
    """The settings of temporary keys, as ``AssumeRole`` received them.

    Attributes
    ----------
    policy : str
        The document of a session policy; empty for none.
    policy_arns : tuple of str
        Managed session policies.
    tags : tuple of (str, str)
        Session tags.
    transitive_tags : tuple of str
        The keys of the tags that a session assumed from this one keeps.
    source_identity : str
    """

    policy: str = ""
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tags: tuple[str, ...] = ()
    source_identity: str = ""


@dataclass(frozen=True, slots=True)
class VpcNetwork:
    """The ``VpcConfig`` of a job or model: the subnets and security groups of its network interfaces."""

    region: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, region: str, config: Mapping | None) -> VpcNetwork | None:
        """The network of a ``VpcConfig``; None without one."""
        return cls(region, tuple(config["Subnets"]), tuple(config["SecurityGroupIds"])) if config else None


@dataclass(frozen=True, slots=True)
class NetworkPath:
    """How a request leaves a VPC. All is empty if it goes through a NAT gateway.

    Attributes
    ----------
    vpc, endpoint : str
        The ids of the VPC and of its endpoint.
    policy : str
        The endpoint's policy, as JSON.
    address : str
        The caller's address in the VPC.
    """

    vpc: str = ""
    endpoint: str = ""
    policy: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller that signed the request.

    ``arn`` is as ``sts:GetCallerIdentity`` answers it, e.g. ``arn:aws:sts::123456789012:assumed-role/Administrator/learner``.
    ``session`` has what AssumeRole set for a role's session. ``network`` is the VPC in which the keys of a job or model are used. No policy
    at all limits an ``unlimited`` caller: the grader, which must see what a submission left, whatever the submission did to policies.
    ``issued`` is when temporary keys were made, in Unix seconds, if known. Keys that are ``inside`` belong to a program that runs on AWS: a
    job, a model server, a function or a pipeline. What it reads stays on AWS.
    """

    account: str
    arn: str
    access_key: str
    session: RoleSession | None = None
    unlimited: bool = False
    network: VpcNetwork | None = None
    issued: float | None = field(default=None, compare=False)
    inside: bool = False

    @property
    def is_root(self) -> bool:
        """Whether it is the account's root user, whom only the policy of a resource can limit."""
        return self.arn == root(self.account)


def root(account: str) -> str:
    """The ARN of an account's root user."""
    return f"arn:aws:iam::{account}:root"


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A call that a service makes for a caller, without a request: what the permissions for it depend on."""

    operation: str
    region: str
    principal: Principal


@dataclass(slots=True)
class AwsRequest:
    """One AWS request on its way through the gateway.

    Attributes
    ----------
    request : starlette.requests.Request
        Method, raw path and query. Read the body by `body` or `chunks`, never from here: it may be aws-chunked.
    headers : dict of str to str
        Lower-case names; values of a repeated header joined by a comma.
    service : str
        The signing name: ``"sagemaker"``, ``"s3"``, ``"logs"``, ``"monitoring"``, ``"iam"``, ...
    region : str
    principal : Principal
    id : str
        The request id, answered as ``x-amzn-requestid``.
    operation, resource : str
        Set by the dispatcher, e.g. ``"CreateTrainingJob"``, ``"training-job/delays-1"``, for the request log.
    parameters, elements : dict or None
        The request's parameters and the response's elements, without secrets, as CloudTrail writes them. Set by the dispatcher where the
        audit stage is on, for the request log.
    path : NetworkPath or None
        How a request from a VPC came here.
    caller : object
        What IAM knew of the caller when the call came, for the request log; see `CallerAuthorizer.caller`. Set where the audit stage is on.
    model : OperationModel or None
        The operation in botocore's model. Set with ``parameters``.
    answer : starlette.responses.Response or None
        The response of moto, if it served the call. The request log reads the response's elements, or its error, from there.
    chunks : async iterator of bytes
        The decoded body in pieces; its hash is verified at the end, and a mismatch raises ``XAmzContentSHA256Mismatch``.
    refused : dict
        Action and resource -> AWS's message, for what the caller may not do of an operation that does the rest, e.g. DeleteObjects.
    trailers : dict
        The trailers of an aws-chunked body, by lower-case name, e.g. ``{"x-amz-checksum-crc32": "..."}``; filled when the body has ended.
    """

    request: Request
    headers: dict[str, str]
    service: str
    region: str
    principal: Principal
    id: str
    chunks: AsyncIterator[bytes]
    operation: str = ""
    resource: str = ""
    parameters: dict | None = None
    path: NetworkPath | None = None
    elements: dict | None = None
    caller: Any = None
    model: OperationModel | None = None
    answer: Response | None = None
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    _body: bytes | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Bytes of the body, if it was read as a whole."""
        return len(self._body or b"")

    async def body(self) -> bytes:
        """The whole decoded body; only for services whose bodies are small. Raises AwsError as `whole`."""
        if self._body is None:
            self._body = await whole(self.chunks)
        return self._body


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    """The pieces of a body together. Raises AwsError ``RequestEntityTooLarge`` (413), ``ServiceUnavailable`` (503)."""
    try:
        return await gather(pieces)
    except BodyTooLong:
        raise AwsError("RequestEntityTooLarge", f"The request body is larger than {LARGEST} bytes.", 413) from None
    except NoRoom as error:
        raise AwsError("ServiceUnavailable", str(error), 503) from None


Handler = Callable[[AwsRequest], Awaitable[Response]]
"""Serves the requests of a signing name: a `course.localaws.protocol.service.Service`, or moto."""

AnyCall = AwsRequest | ServiceCall
"""A call whose permissions are asked."""
