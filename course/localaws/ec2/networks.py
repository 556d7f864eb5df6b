"""The ways of jobs and endpoints in VPCs to AWS's services."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Protocol

from course.localaws.core.call import NetworkPath, VpcNetwork
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.ec2 import reachability, records
from course.localaws.ec2.reachability import Unreachable
from course.localaws.moto.records import MotoRecords


class _Identity(Protocol):
    """The part of `course.localaws.iam.identity.Identity` that this module needs."""

    account: str
    moto: MotoRecords


class VpcNetworks:
    """Finds paths by moto's records, as they are at the time of each question.

    Parameters
    ----------
    identity : Identity
    """

    def __init__(self, identity: _Identity) -> None:
        self._identity = identity

    def path(self, network: VpcNetwork, service: str) -> NetworkPath:
        """How a network reaches an endpoint service, e.g. ``"s3"``. Raises `Unreachable`.

        Waits for moto's thread, so call it from another thread.
        """
        return self._identity.moto.run(self._finding(network, service))

    def reaches_internet(self, network: VpcNetwork) -> bool:
        """Whether a network reaches the internet. Waits for moto's thread, so call it from another thread."""
        return self._identity.moto.run(
            lambda: reachability.reaches_internet(records.read(self._identity.account, network.region), network.subnets, network.groups)
        )

    async def path_of_request(self, network: VpcNetwork, service: str, path: str) -> NetworkPath:
        """How a request from a network reaches its service.

        Parameters
        ----------
        service : str
            Its signing name.
        path : str
            The path of its URL.

        Raises
        ------
        AwsError
            ``ConnectTimeout``, which the plug-in of the SDKs shows as the time-out that it is on AWS.
        """
        name = endpoint_service(service, path)
        try:
            return await self._identity.moto.run_async(self._finding(network, name))
        except Unreachable as missing:
            raise timed_out(name, network.region, str(missing)) from None

    def _finding(self, network: VpcNetwork, service: str) -> Callable[[], NetworkPath]:
        return lambda: reachability.path(records.read(self._identity.account, network.region), network.subnets, network.groups, service)


def endpoint_service(service: str, path: str) -> str:
    """The last part of the name of the endpoint service of a request, by its signing name and the path of its URL."""
    document = _document()
    if service == "sagemaker":
        return next((name for prefix, name in document["sagemaker"].items() if path.startswith(prefix)), "sagemaker.api")
    return document["names"].get(service, service)


def timed_out(service: str, region: str, missing: str) -> AwsError:
    """The answer to a request from a VPC whose service cannot be reached."""
    error = AwsError("ConnectTimeout", f"Connect timeout on {service} in {region} from this VPC: {missing}.")
    error.headers = {"x-local-aws": "unreachable"}
    return error


@cache
def _document() -> dict:
    return table(Path(__file__).with_name("endpoint_services.yaml"))
