"""What the reachability of a service depends on, read from moto's records of a region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a security group. ``first`` and ``last`` are ports; both are None for all ports. ``protocol`` is ``"-1"`` for all."""

    protocol: str
    first: int | None = None
    last: int | None = None
    cidr: str = ""
    group: str = ""
    prefix_list: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with the routes of its table: destination (CIDR or prefix list) -> target, e.g. ``nat-...``."""

    id: str
    vpc: str
    cidr: str
    table: str
    routes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint. ``service`` is the last part of its service's name; ``policy`` is its policy's JSON text."""

    id: str
    vpc: str
    service: str
    is_gateway: bool
    policy: str = ""
    tables: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    private_dns: bool = True


@dataclass(frozen=True, slots=True)
class NatGateway:
    id: str
    subnet: str
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Region:
    """The networks of a region, each by its id. ``prefix_lists`` has the id of a gateway endpoint's prefix list by its service."""

    subnets: dict[str, Subnet] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    endpoints: dict[str, VpcEndpoint] = field(default_factory=dict)
    nats: dict[str, NatGateway] = field(default_factory=dict)
    prefix_lists: dict[str, str] = field(default_factory=dict)


def read(account: str, region: str) -> Region:
    """The networks of a region as they are now. Call it in moto's thread."""
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[account][region]
    prefix = f"com.amazonaws.{region}."
    tables = [*backend.route_tables.values()]
    endpoints = [each for each in backend.vpc_end_points.values() if each.state == "available"]
    nats = [each for each in backend.nat_gateways.values() if each.state == "available"]
    return Region(
        {each.id: _subnet(each, tables) for zone in backend.subnets.values() for each in zone.values()},
        {id: _group(each) for groups in backend.groups.values() for id, each in groups.items()},
        {each.id: _endpoint(each, prefix, backend) for each in endpoints},
        {each.id: NatGateway(each.id, each.subnet_id, each.connectivity_type != "private") for each in nats},
        {each.prefix_list_name.removeprefix(prefix): each.id for each in backend.managed_prefix_lists.values()},
    )


def _subnet(subnet: Any, tables: list[Any]) -> Subnet:
    """A subnet without a table of its own uses the main table of its VPC."""
    own = [table for table in tables if subnet.id in table._associations.values()]
    main = [table for table in tables if table.vpc_id == subnet.vpc_id and table.main_association_id]
    [table] = (own or main)[:1] or [None]
    routes = {_destination(route): _target(route) for route in table._routes.values()} if table else {}
    return Subnet(subnet.id, subnet.vpc_id, subnet.cidr_block, table.id if table else "", routes)


def _destination(route: Any) -> str:
    listed = route.destination_prefix_list
    return listed.id if listed else route.destination_cidr_block or route.destination_ipv6_cidr_block or ""


def _target(route: Any) -> str:
    if route.local:
        return "local"
    found = route.nat_gateway or route.gateway or route.transit_gateway or route.vpc_pcx or route.interface or route.instance
    return found.id if found else route.vpc_endpoint_id or ""


def _group(group: Any) -> SecurityGroup:
    return SecurityGroup(group.id, tuple(_rules(group.ingress_rules)), tuple(_rules(group.egress_rules)))


def _rules(rules: Iterable[Any]) -> Iterable[Rule]:
    for rule in rules:
        source = rule.source_group.get("GroupId", "")
        yield Rule(rule.ip_protocol, rule.from_port, rule.to_port, rule.ip_range.get("CidrIp", ""), source, rule.prefix_list_id or "")


def _endpoint(endpoint: Any, prefix: str, backend: Any) -> VpcEndpoint:
    """An interface endpoint that was made without security groups has the default group of its VPC."""
    default = [id for id, each in backend.groups.get(endpoint.vpc_id, {}).items() if each.name == "default"]
    return VpcEndpoint(
        endpoint.id,
        endpoint.vpc_id,
        endpoint.service_name.removeprefix(prefix),
        (endpoint.vpc_endpoint_type or "Gateway").lower() == "gateway",
        endpoint.policy_document or "",
        tuple(endpoint.route_table_ids or ()),
        tuple(endpoint.subnet_ids or ()),
        tuple(endpoint.security_group_ids or default),
        bool(endpoint.private_dns_enabled),
    )
