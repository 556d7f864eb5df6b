"""What networks, images, events, trails and rules cost, compared with the calls and the clock."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.leaked_processes import wait_for
from tests.localaws.billing.ledgers import GIGABYTE, HOUR, amounts, months
from tests.localaws.cloudtrail.trail_fixtures import TrailFixtures
from tests.localaws.moto.restartable_aws import RestartableAws

SLACK = 0.02  # hours that a test may take between two looks at the clock


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("services-metering") / "state")
    yield aws
    aws.stop()


@pytest.fixture(autouse=True)
def _empty(aws: RestartableAws) -> None:
    aws.handle.reset()


def test_nat_gateways_and_interface_endpoints_cost_by_the_hour(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"] for number in range(2)]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_tags(Resources=[nat], Tags=[{"Key": "team", "Value": "net"}])
    kinds = {"Interface": {"SubnetIds": subnets}, "Gateway": {}}
    endpoints = {
        kind: ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType=kind, **more)["VpcEndpoint"]
        for kind, more in kinds.items()
    }
    begin = aws.handle.advance(0)
    assert {each["usage_type"]: each["quantity"] for each in aws.handle.ledger()["running"]} == {
        "NatGateway-Hours": 1,
        "USE1-VpcEndpoint-Hours": 2,
    }
    aws.handle.advance(3 * HOUR)
    aws.restart()  # moto's records come back from its journal
    middle = aws.handle.advance(2 * HOUR)
    aws("ec2").delete_nat_gateway(NatGatewayId=nat)
    end = aws.handle.advance(4 * HOUR)
    aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[each["VpcEndpointId"] for each in endpoints.values()])
    aws.handle.ledger()
    aws.handle.advance(4 * HOUR)
    found = amounts(aws.handle)
    assert found["NatGateway-Hours"] == pytest.approx((middle - begin) / HOUR, abs=SLACK)
    assert found["USE1-VpcEndpoint-Hours"] == pytest.approx(2 * (end - begin) / HOUR, abs=2 * SLACK)
    assert aws.handle.ledger()["tags"]["team"]["net"] == pytest.approx(0.045 * (middle - begin) / HOUR, rel=0.01)


def manifest(*layers: int) -> str:
    blobs = [{"mediaType": "layer", "size": size, "digest": f"sha256:{size:064}"} for size in layers]
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = {"mediaType": "c", "size": 1000, "digest": f"sha256:{1:064}"}
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": blobs})


def test_a_repository_costs_the_layers_of_its_images_each_once(aws):
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="models")
    for tag, layers in (("one", (3_000_000, 500_000)), ("two", (3_000_000, 700_000))):
        ecr.put_image(repositoryName="models", imageTag=tag, imageManifest=manifest(*layers))
    begin = aws.handle.advance(0)
    aws.handle.ledger()
    middle = aws.handle.advance(40 * HOUR)
    ecr.batch_delete_image(repositoryName="models", imageIds=[{"imageTag": "two"}])
    aws.handle.ledger()
    end = aws.handle.advance(40 * HOUR)
    ecr.delete_repository(repositoryName="models", force=True)
    aws.handle.ledger()
    aws.handle.advance(40 * HOUR)
    byte_months = 4_201_000 * months(begin, middle) + 3_501_000 * months(middle, end)
    lines = [line for service in aws.handle.ledger()["services"] if "ECR" in service["name"] for line in service["lines"]]
    assert [line["usage_type"] for line in lines] == ["TimedStorage-ByteHrs"]
    assert lines[0]["amount"] == pytest.approx(byte_months / GIGABYTE, rel=2e-3)


def test_custom_events_cost_by_64_kilobytes(aws):
    def entry(size: int) -> dict:
        return {"Source": "flights", "DetailType": "late", "Detail": json.dumps({"x": "y" * size})}

    found = aws("events").put_events(Entries=[entry(10), entry(70_000), entry(1), {"Source": "aws.x", "DetailType": "y", "Detail": "{}"}])
    assert found["FailedEntryCount"] == 1
    assert amounts(aws.handle)["USE1-Event-64K-Chunks"] == 4


def test_the_second_copy_of_management_events_costs_and_each_copy_of_data_events(aws):
    trails = TrailFixtures(aws.handle)
    for name in ("first", "second"):
        trails.logging(name, trails.bucket(f"trail-{name}"))
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    selector |= {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::lake/"]}]}
    trails.cloudtrail.put_event_selectors(TrailName="first", EventSelectors=[selector])
    trails.s3.create_bucket(Bucket="lake")
    for number in range(3):
        trails.s3.put_object(Bucket="lake", Key=str(number), Body=b"x")
    trails.begin_interval()
    trails.pass_minutes(10)
    copies = {name: trails.records(f"trail-{name}") for name in ("first", "second")}
    data = [record for record in copies["first"] if not record["managementEvent"]]
    assert len(data) == 3
    found = amounts(aws.handle)
    assert found["USE1-DataEventsRecorded"] == 3
    seen = {record["eventID"] for record in copies["first"]}
    assert found["USE1-PaidEventsRecorded"] == sum(record["eventID"] in seen for record in copies["second"]) > 0


def test_a_rule_costs_by_the_resources_that_it_evaluates(aws):
    for number in range(3):
        aws("s3").create_bucket(Bucket=f"bucket-{number}")
    config = aws("config")
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
    role = "arn:aws:iam::123456789012:role/SageMakerRole"
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "bucket-0"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    config.put_config_rule(ConfigRule={"ConfigRuleName": "versioned", "Source": source})

    def evaluated() -> list[dict]:
        return config.get_compliance_details_by_config_rule(ConfigRuleName="versioned")["EvaluationResults"]

    wait_for(lambda: len(evaluated()) == 3, "the rule is evaluated")
    assert amounts(aws.handle)["USE1-ConfigRuleEvaluations"] == 3
    aws("s3").put_bucket_versioning(Bucket="bucket-1", VersioningConfiguration={"Status": "Enabled"})
    aws.handle.advance(120)
    wait_for(lambda: "COMPLIANT" in [each["ComplianceType"] for each in evaluated()], "the rule is evaluated again")
    assert amounts(aws.handle)["USE1-ConfigRuleEvaluations"] == 4  # only that of the bucket that has changed
