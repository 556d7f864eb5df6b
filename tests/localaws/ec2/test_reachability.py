"""The rules by which a job in a VPC reaches a service."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.ec2.reachability import Unreachable, path, reaches_internet
from course.localaws.ec2.records import NatGateway, Region, Rule, SecurityGroup, Subnet, VpcEndpoint

ANY = Rule("-1", cidr="0.0.0.0/0")
HTTPS_IN = Rule("tcp", 443, 443, cidr="10.0.0.0/16")
JOB = SecurityGroup("sg-job", egress=(ANY,))
DOOR = SecurityGroup("sg-door", ingress=(HTTPS_IN,))
PRIVATE = Subnet("subnet-private", "vpc", "10.0.1.0/24", "rtb-private", {"10.0.0.0/16": "local"})
PUBLIC = Subnet("subnet-public", "vpc", "10.0.0.0/24", "rtb-public", {"10.0.0.0/16": "local", "0.0.0.0/0": "igw-1"})
S3 = VpcEndpoint("vpce-s3", "vpc", "s3", True, "{}", tables=("rtb-private",))
LOGS = VpcEndpoint("vpce-logs", "vpc", "logs", False, "{}", subnets=("subnet-private",), groups=("sg-door",))
NAT = NatGateway("nat-1", "subnet-public")


def region(*endpoints: VpcEndpoint, subnets=(PRIVATE, PUBLIC), groups=(JOB, DOOR), nats=()) -> Region:
    by_id = [{each.id: each for each in all_of_kind} for all_of_kind in (subnets, groups, endpoints, nats)]
    return Region(*by_id, {"s3": "pl-s3"})


def reached(found: Region, service: str = "s3", subnets: tuple[str, ...] = (PRIVATE.id,), groups: tuple[str, ...] = (JOB.id,)) -> str:
    """The id of the endpoint, or "nat"."""
    return path(found, subnets, groups, service).endpoint or "nat"


WITH_NAT = replace(PRIVATE, routes=PRIVATE.routes | {"0.0.0.0/0": "nat-1"})


@pytest.mark.parametrize(
    ("found", "service", "way"),
    [
        (region(S3), "s3", "vpce-s3"),
        (region(LOGS), "logs", "vpce-logs"),
        (region(subnets=(WITH_NAT, PUBLIC), nats=(NAT,)), "s3", "nat"),
        (region(S3, subnets=(WITH_NAT, PUBLIC), nats=(NAT,)), "s3", "vpce-s3"),  # the more specific route
        (region(S3, groups=(SecurityGroup("sg-job", egress=(Rule("tcp", 443, 443, prefix_list="pl-s3"),)),)), "s3", "vpce-s3"),
        (region(LOGS, groups=(SecurityGroup("sg-job", egress=(Rule("tcp", 443, 443, group="sg-door"),)), DOOR)), "logs", "vpce-logs"),
        (region(LOGS, groups=(JOB, SecurityGroup("sg-door", ingress=(Rule("tcp", 0, 65535, group="sg-job"),)))), "logs", "vpce-logs"),
    ],
)
def test_ways(found, service, way):
    assert reached(found, service) == way


NO_EGRESS = SecurityGroup("sg-job")
OTHER_PORT = SecurityGroup("sg-job", egress=(Rule("tcp", 80, 80, cidr="0.0.0.0/0"),))


@pytest.mark.parametrize(
    ("found", "service", "missing"),
    [
        (region(), "s3", "neither an endpoint of s3 nor a route to a NAT gateway"),
        (region(replace(S3, tables=("rtb-public",))), "s3", "not in the route table rtb-private"),
        (region(S3, groups=(NO_EGRESS,)), "s3", "lets port 443 out"),
        (region(groups=(OTHER_PORT,)), "s3", "lets port 443 out"),
        (region(S3), "logs", "neither an endpoint of logs"),
        (region(replace(LOGS, private_dns=False)), "logs", "no private DNS name"),
        (region(LOGS, groups=(JOB, SecurityGroup("sg-door"))), "logs", "do not let port 443 through"),
        (region(replace(S3, vpc="vpc-other")), "s3", "neither"),
        (region(subnets=(WITH_NAT, replace(PUBLIC, routes={})), nats=(NAT,)), "s3", "neither"),
        (region(subnets=(WITH_NAT, PUBLIC), nats=(replace(NAT, is_public=False),)), "s3", "neither"),
    ],
)
def test_what_is_missing_is_said(found, service, missing):
    with pytest.raises(Unreachable, match=missing):
        reached(found, service)


def test_an_internet_gateway_is_no_way_for_an_interface_without_a_public_address():
    with pytest.raises(Unreachable, match="no public address"):
        reached(region(), subnets=(PUBLIC.id,))


def test_every_subnet_needs_a_way():
    with pytest.raises(Unreachable, match="subnet-public"):
        reached(region(S3), subnets=(PRIVATE.id, PUBLIC.id))


ports = st.integers(0, 65535)


@given(first=ports, last=ports, protocol=st.sampled_from(["tcp", "udp", "icmp", "-1"]))
def test_a_rule_counts_if_it_covers_https(first, last, protocol):
    group = SecurityGroup("sg-job", egress=(Rule(protocol, first, last, cidr="0.0.0.0/0"),))
    covers = protocol in ("tcp", "-1") and first <= 443 <= last
    found = region(subnets=(WITH_NAT, PUBLIC), groups=(group,), nats=(NAT,))
    assert reaches_internet(found, (PRIVATE.id,), ("sg-job",)) == covers


@given(third=st.integers(0, 255), length=st.integers(8, 28))
def test_an_endpoint_admits_the_ranges_that_contain_the_subnet(third, length):
    ours = replace(PRIVATE, cidr=f"10.0.{third}.0/24")
    door = SecurityGroup("sg-door", ingress=(Rule("tcp", 443, 443, cidr=f"10.0.{third}.0/{length}"),))
    found = region(LOGS, subnets=(ours, PUBLIC), groups=(JOB, door))
    if length <= 24:
        assert reached(found, "logs") == "vpce-logs"
    else:
        with pytest.raises(Unreachable):
            reached(found, "logs")
