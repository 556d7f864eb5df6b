"""The rules by which a network interface in a VPC reaches an AWS service over HTTPS.

SageMaker gives the interfaces of jobs and endpoints no public addresses, so a route to an internet gateway does not help them. What helps:

- a gateway endpoint (S3, DynamoDB) whose route tables include the subnet's;
- an interface endpoint with private DNS names whose security groups admit the caller's;
- a NAT gateway in a subnet with a route to an internet gateway.

Each needs a security group of the caller that lets port 443 out. Source: "Give SageMaker AI Training Jobs Access to Resources in Your
Amazon VPC" (SageMaker developer guide), "Gateway endpoints" and "Access an AWS service using an interface VPC endpoint" (AWS PrivateLink
guide), "NAT gateways" and "Security group rules" (Amazon VPC user guide). Not modelled: network ACLs, peering, transit gateways, proxies.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from course.localaws.core.call import NetworkPath
from course.localaws.ec2.records import NatGateway, Region, Rule, SecurityGroup, Subnet, VpcEndpoint

HTTPS = 443
ANYWHERE = "0.0.0.0/0"


class Unreachable(Exception):
    """A service cannot be reached. The message says what is missing."""


def path(region: Region, subnets: Sequence[str], groups: Sequence[str], service: str) -> NetworkPath:
    """How interfaces in the subnets, with these security groups, reach a service.

    Every subnet needs a way; on AWS a job fails only if its instances are in a subnet without one.

    Parameters
    ----------
    service : str
        The last part of the name of its endpoint service, e.g. ``"s3"``, ``"sagemaker.api"``.

    Raises
    ------
    Unreachable
    """
    found = [_from_subnet(region, subnet, [region.groups[id] for id in groups if id in region.groups], service) for subnet in subnets]
    if not found:
        raise Unreachable("it has no subnet")
    return found[0]


def reaches_internet(region: Region, subnets: Sequence[str], groups: Sequence[str]) -> bool:
    """Whether interfaces in all the subnets reach the internet through a NAT gateway."""
    known = [region.groups[id] for id in groups if id in region.groups]
    return bool(subnets) and all(id in region.subnets and _by_nat(region, region.subnets[id], known) for id in subnets)


def _from_subnet(region: Region, id: str, groups: Sequence[SecurityGroup], service: str) -> NetworkPath:
    subnet = region.subnets.get(id)
    if subnet is None:
        raise Unreachable(f"the subnet {id} does not exist")
    address = str(next(ipaddress.ip_network(subnet.cidr).hosts()))
    candidates = [each for each in region.endpoints.values() if each.vpc == subnet.vpc and each.service == service]
    for endpoint in candidates:
        leads = _by_gateway if endpoint.is_gateway else _by_interface
        if leads(region, subnet, groups, endpoint):
            return NetworkPath(subnet.vpc, endpoint.id, endpoint.policy, address)
    if _by_nat(region, subnet, groups):
        return NetworkPath()
    raise Unreachable(_missing(region, subnet, groups, service, candidates))


def _by_gateway(region: Region, subnet: Subnet, groups: Sequence[SecurityGroup], endpoint: VpcEndpoint) -> bool:
    """A gateway endpoint is a route of the subnet's table, to the prefix list of the service."""
    listed = region.prefix_lists.get(endpoint.service, "")
    return subnet.table in endpoint.tables and any(_lets_out(group, prefix_list=listed) for group in groups)


def _by_interface(region: Region, subnet: Subnet, groups: Sequence[SecurityGroup], endpoint: VpcEndpoint) -> bool:
    """An interface endpoint has addresses in its own subnets, and security groups that must admit the caller."""
    own = [region.groups[id] for id in endpoint.groups if id in region.groups]
    places = [region.subnets[id] for id in endpoint.subnets if id in region.subnets]
    if not endpoint.private_dns or not places:
        return False
    admitted = any(_lets_in(group, subnet.cidr, [each.id for each in groups]) for group in own)
    return admitted and any(_lets_out(group, place.cidr, endpoint.groups) for group in groups for place in places)


def _by_nat(region: Region, subnet: Subnet, groups: Sequence[SecurityGroup]) -> bool:
    nat = region.nats.get(subnet.routes.get(ANYWHERE, ""))
    return nat is not None and _is_public(region, nat) and any(_lets_out(group, ANYWHERE) for group in groups)


def _is_public(region: Region, nat: NatGateway) -> bool:
    place = region.subnets.get(nat.subnet)
    return nat.is_public and place is not None and place.routes.get(ANYWHERE, "").startswith("igw-")


def _lets_out(group: SecurityGroup, cidr: str = "", groups: Iterable[str] = (), prefix_list: str = "") -> bool:
    return any(_applies(rule, cidr, groups, prefix_list) for rule in group.egress)


def _lets_in(group: SecurityGroup, cidr: str, groups: Iterable[str]) -> bool:
    return any(_applies(rule, cidr, groups, "") for rule in group.ingress)


def _applies(rule: Rule, cidr: str, groups: Iterable[str], prefix_list: str) -> bool:
    """Whether a rule allows HTTPS with this range, one of these groups, or this prefix list."""
    if rule.protocol not in ("-1", "tcp") or not _covers_https(rule):
        return False
    if rule.cidr:
        return rule.cidr == ANYWHERE or (bool(cidr) and ipaddress.ip_network(cidr).subnet_of(ipaddress.ip_network(rule.cidr, strict=False)))
    return bool(rule.group and rule.group in groups) or bool(rule.prefix_list and rule.prefix_list == prefix_list)


def _covers_https(rule: Rule) -> bool:
    return rule.first is None or rule.last is None or rule.first <= HTTPS <= rule.last


def _missing(region: Region, subnet: Subnet, groups: Sequence[SecurityGroup], service: str, candidates: Sequence[VpcEndpoint]) -> str:
    """What a subnet lacks to reach a service, for the log."""
    if not any(_lets_out(group, ANYWHERE) for group in groups) and not candidates:
        return f"no security group of {', '.join(group.id for group in groups)} lets port {HTTPS} out"
    for endpoint in candidates:
        if endpoint.is_gateway and subnet.table not in endpoint.tables:
            return f"the endpoint {endpoint.id} is not in the route table {subnet.table} of the subnet {subnet.id}"
        if endpoint.is_gateway:
            listed = region.prefix_lists.get(service, "")
            return f"no security group of the caller lets port {HTTPS} out to the prefix list {listed} of {service}"
        if not endpoint.private_dns:
            return f"the endpoint {endpoint.id} has no private DNS name: requests to the usual name of {service} do not go to it"
        return f"the security groups of the endpoint {endpoint.id} and of the caller do not let port {HTTPS} through"
    if subnet.routes.get(ANYWHERE, "").startswith("igw-"):
        return f"the subnet {subnet.id} has a route to an internet gateway, but SageMaker's interfaces have no public addresses"
    return f"the subnet {subnet.id} has neither an endpoint of {service} nor a route to a NAT gateway"
