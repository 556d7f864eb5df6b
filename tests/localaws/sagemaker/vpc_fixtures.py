"""A VPC for tests, made part by part through boto3."""

from __future__ import annotations

import json

from tests.localaws.sagemaker.job_fixtures import JobFixtures


class Vpc:
    """A VPC with one private subnet, and the parts that tests add to it."""

    def __init__(self, aws: JobFixtures) -> None:
        self.ec2 = aws.client("ec2")
        self.id = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.id, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        self.table = self.ec2.create_route_table(VpcId=self.id)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnet)
        self.group = self.ec2.create_security_group(GroupName=aws.name("jobs"), Description="jobs", VpcId=self.id)["GroupId"]
        self.config = {"Subnets": [self.subnet], "SecurityGroupIds": [self.group]}

    def s3_endpoint(self, *statements: dict) -> str:
        policy = {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [*statements]})} if statements else {}
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.id, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway", RouteTableIds=[self.table], **policy
        )
        return made["VpcEndpoint"]["VpcEndpointId"]

    def interface_endpoint(self, service: str, **more: object) -> str:
        door = self.ec2.create_security_group(GroupName=f"door-{service}", Description="of an endpoint", VpcId=self.id)["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": self.group}]}
        self.ec2.authorize_security_group_ingress(GroupId=door, IpPermissions=[permission])
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.id,
            ServiceName=f"com.amazonaws.us-east-1.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[door],
            PrivateDnsEnabled=True,
            **more,
        )
        return made["VpcEndpoint"]["VpcEndpointId"]

    def nat(self) -> None:
        public = self.ec2.create_subnet(VpcId=self.id, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.id)
        table = self.ec2.create_route_table(VpcId=self.id)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=public)
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
