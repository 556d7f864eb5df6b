"""NAT gateways, which moto serves, are found by their tags."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def gateways(client) -> dict[str, str]:
    """Name -> id of a NAT gateway with this tag ``Name``."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/26")["Subnet"]["SubnetId"]
    found = {}
    for name in ("fares", "old-fares"):
        tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": name}]}]
        made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", TagSpecifications=tags)
        found[name] = made["NatGateway"]["NatGatewayId"]
    return found


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"tag:Name": ["fares"]}, ["fares"]),
        ({"tag:Name": ["*fares"]}, ["fares", "old-fares"]),
        ({"tag:Name": ["fares", "old-fares"], "state": ["available"]}, ["fares", "old-fares"]),
        ({"tag:Name": ["fares"], "state": ["deleted"]}, []),
        ({"tag:name": ["fares"]}, []),
        ({"tag-key": ["Name"]}, ["fares", "old-fares"]),
    ],
)
def test_filters_by_tags(client, gateways, filters, names):
    asked = [{"Name": name, "Values": values} for name, values in filters.items()]
    found = client("ec2").describe_nat_gateways(Filter=asked)["NatGateways"]
    assert {each["NatGatewayId"] for each in found} & set(gateways.values()) == {gateways[name] for name in names}
