"""EC2's offers of instance types are the ones in moto's files, in each region and type of location."""

from __future__ import annotations

import gzip
import json
from importlib import resources

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
@pytest.mark.parametrize("location_type", ["region", "availability-zone", "availability-zone-id"])
def test_offers_of_a_region(client, region, location_type):
    file = resources.files("moto") / f"ec2/resources/instance_type_offerings/{location_type}/{region}.json.gz"
    expected = {(offer["InstanceType"], offer["Location"], location_type) for offer in json.loads(gzip.decompress(file.read_bytes()))}
    found = client("ec2", region_name=region).describe_instance_type_offerings(LocationType=location_type)["InstanceTypeOfferings"]
    assert {(offer["InstanceType"], offer["Location"], offer["LocationType"]) for offer in found} == expected


def test_an_instance_is_placed_only_where_its_region_has_zones(client):
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def run(zone: str) -> str:
        placement = {"AvailabilityZone": zone}
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="m5.large", Placement=placement)
        return made["Instances"][0]["Placement"]["AvailabilityZone"]

    assert run("us-east-1b") == "us-east-1b"
    with pytest.raises(ClientError, match="eu-west-1b"):
        run("eu-west-1b")
