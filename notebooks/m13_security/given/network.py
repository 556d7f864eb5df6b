"""Builds the closed network of a nightly job of m13_2, runs the job in it, and deletes the network."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.cleanup import delete_bucket
from course.exercises.closed_networks import filled

CODE, IN, OUT = (f"/opt/ml/processing/{each}" for each in ("code", "input", "output"))
DELAY, LONGEST = 0.3, 600  # seconds
IN_USE = ("DependencyViolation", "InvalidVpcEndpointId.NotFound")
# What the job does: take the masking key from Secrets Manager, and replace the first column.
PROGRAM = f"""
import hashlib, hmac, os, pathlib
import boto3
from botocore.config import Config

once = Config(connect_timeout=10, retries={{"total_max_attempts": 1}})
secrets = boto3.client("secretsmanager", config=once)
key = secrets.get_secret_value(SecretId=os.environ["SECRET"])["SecretString"]
rows = pathlib.Path("{IN}/records.csv").read_text().splitlines()
masked = []
for row in rows:
    passport, _, rest = row.partition(",")
    name = hmac.new(key.encode(), passport.encode(), hashlib.sha256).hexdigest()[:16]
    masked.append(name + "," + rest)
pathlib.Path("{OUT}/masked.csv").write_text("\\n".join(masked))
print("masked", len(masked), "records")
"""


class Vpc(contextlib.ExitStack):
    """A VPC with a private subnet, a public one, and three security groups without rules. `close` deletes it.

    Parameters
    ----------
    client : callable
        Makes a boto3 client of a service, such as ``aws.client``.
    named : callable
        Makes a name that nobody else uses, such as ``aws.unique``.

    Attributes
    ----------
    words : dict
        The ids of its parts, such as ``private_subnet``.
    """

    def __init__(self, client: Callable[[str], Any], named: Callable[[str], str]) -> None:
        super().__init__()
        self._client, self._named, self._ec2 = client, named, client("ec2")
        self.region = self._ec2.meta.region_name
        self.words = {"region": self.region}
        with contextlib.ExitStack() as undo:  # what cannot be built leaves nothing behind
            undo.callback(self.close)
            self._build()
            undo.pop_all()

    def _build(self) -> None:
        self._subnets()
        self._groups()

    def _subnets(self) -> None:
        """A VPC with a private subnet, and one with a route to an internet gateway."""
        ec2 = self._ec2
        vpc = self.words["vpc"] = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.callback(_patiently, ec2.delete_vpc, VpcId=vpc)
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.callback(ec2.delete_internet_gateway, InternetGatewayId=gateway)
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        self.callback(ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
        for number, kind in enumerate(("private", "public")):
            block = f"10.9.{number}.0/24"
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
            self.callback(_patiently, ec2.delete_subnet, SubnetId=subnet)
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            self.callback(ec2.delete_route_table, RouteTableId=table)
            link = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
            self.callback(ec2.disassociate_route_table, AssociationId=link)
            self.words |= {f"{kind}_subnet": subnet, f"{kind}_table": table}
        route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
        ec2.create_route(RouteTableId=self.words["public_table"], **route)

    def _groups(self) -> None:
        """Three security groups without rules, and the prefix lists of AWS's services."""
        ec2 = self._ec2
        for name in ("jobs", "door", "others"):
            asked = {"GroupName": name, "Description": f"m13_2: {name}", "VpcId": self.words["vpc"]}
            group = self.words[name] = ec2.create_security_group(**asked)["GroupId"]
            self.callback(_patiently, ec2.delete_security_group, GroupId=group)
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
        for each in ec2.describe_managed_prefix_lists()["PrefixLists"]:
            service = each["PrefixListName"].removeprefix(f"com.amazonaws.{self.region}.")
            if service in ("s3", "dynamodb"):
                self.words[f"{service}_list"] = each["PrefixListId"]

    def endpoint(self, request: dict) -> str:
        """Make a VPC endpoint, and return its id."""
        policy = request.get("PolicyDocument")
        text = {"PolicyDocument": json.dumps(policy)} if policy else {}
        made = self._ec2.create_vpc_endpoint(**request | text, VpcId=self.words["vpc"])
        id = made["VpcEndpoint"]["VpcEndpointId"]
        self.callback(self._ec2.delete_vpc_endpoints, VpcEndpointIds=[id])
        return id

    def https_out(self) -> None:
        """Let the group of jobs send to port 443."""
        out = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        out["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]
        group = self.words["jobs"]
        self._ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[out])


class Network(Vpc):
    """The bucket, the secret and the VPC of a set-up, whose words in braces get their values here."""

    def __init__(self, client: Callable[[str], Any], named: Callable[[str], str], setup: dict) -> None:
        self.setup = setup
        super().__init__(client, named)

    def _build(self) -> None:
        self._store()
        super()._build()
        setup = filled(self.setup, self.words)
        self._rules(setup)
        self.words["s3_endpoint"] = self.endpoint(setup["s3_endpoint"])
        self.words["secrets_endpoint"] = self.endpoint(setup["secrets_endpoint"])
        self.setup = filled(self.setup, self.words)
        self._until_available()
        policy = json.dumps(self.setup["bucket"])
        s3, named = self._client("s3"), {"Bucket": self.words["bucket"]}
        s3.put_bucket_policy(**named, Policy=policy)
        self.callback(s3.delete_bucket_policy, **named)

    def _store(self) -> None:
        """A bucket with records and the program, and a secret."""
        s3, manager = self._client("s3"), self._client("secretsmanager")
        bucket = self.words["bucket"] = self._named("m13-closed")
        where = {"LocationConstraint": self.region}
        given = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": where}
        s3.create_bucket(Bucket=bucket, **given)
        self.callback(delete_bucket, s3, bucket)
        rows = "C01X00T47,1984,UA 1545\nL8934KK21,1990,B6 725\n"
        s3.put_object(Bucket=bucket, Key=f"{self.setup['folder']}/records.csv", Body=rows.encode())
        s3.put_object(Bucket=bucket, Key="code/mask.py", Body=PROGRAM.encode())
        name = self._named("m13-mask-key")
        made = manager.create_secret(Name=name, SecretString=self._named("key"))
        self.words["secret"] = made["ARN"]
        self.callback(manager.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)

    def _rules(self, setup: dict) -> None:
        """The rules of the security groups. They name one another, so they go before the groups do."""
        jobs, door = self.words["jobs"], self.words["door"]
        egress, ingress = setup["job_egress"], setup["door_ingress"]
        self._ec2.authorize_security_group_egress(GroupId=jobs, IpPermissions=egress)
        self.callback(self._ec2.revoke_security_group_egress, GroupId=jobs, IpPermissions=egress)
        self._ec2.authorize_security_group_ingress(GroupId=door, IpPermissions=ingress)
        self.callback(self._ec2.revoke_security_group_ingress, GroupId=door, IpPermissions=ingress)

    def _until_available(self) -> None:
        """On AWS an interface endpoint takes minutes."""
        asked = {"VpcEndpointIds": [self.words["s3_endpoint"], self.words["secrets_endpoint"]]}
        for _ in range(round(LONGEST / DELAY)):
            found = self._ec2.describe_vpc_endpoints(**asked)["VpcEndpoints"]
            if all(each["State"].lower() == "available" for each in found):
                return
            time.sleep(DELAY)

    def start(self, name: str, role: str, image: str) -> None:
        """Start the processing job; ``role`` is an ARN."""
        bucket, folder = self.words["bucket"], self.setup["folder"]
        inputs = [_input("code", f"{bucket}/code/", CODE), _input("records", f"{bucket}/{folder}/", IN)]
        place = {"S3Uri": f"s3://{bucket}/masked/", "LocalPath": OUT, "S3UploadMode": "EndOfJob"}
        machine = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
        self._client("sagemaker").create_processing_job(
            ProcessingJobName=name,
            RoleArn=role,
            AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["python3", f"{CODE}/mask.py"]},
            ProcessingInputs=inputs,
            ProcessingOutputConfig={"Outputs": [{"OutputName": "masked", "S3Output": place}]},
            ProcessingResources={"ClusterConfig": machine},
            Environment={"SECRET": self.words["secret"]},
            NetworkConfig=self.setup["network"],
            StoppingCondition={"MaxRuntimeInSeconds": 300},
        )

    def ended(self, name: str) -> str:
        """Wait for the job. Returns ``"Completed"``, or how it ended and the last line of its log."""
        sagemaker, logs = self._client("sagemaker"), self._client("logs")
        waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
        with contextlib.suppress(WaiterError):  # it failed; its description says why
            most = round(LONGEST / DELAY)
            waiter.wait(ProcessingJobName=name, WaiterConfig={"Delay": DELAY, "MaxAttempts": most})
        job = sagemaker.describe_processing_job(ProcessingJobName=name)
        if job["ProcessingJobStatus"] == "Completed":
            return "Completed"
        said = [f"{job['ProcessingJobStatus']}: {job.get('FailureReason', '')}"]
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            stream = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": f"{name}/"}
            found = logs.filter_log_events(**stream)["events"]
            said += [f"The log ends: {each['message']}" for each in found[-1:]]
        return " ".join(said)


def tried(aws: Any, role: str, setups: dict[str, dict]) -> dict[str, str]:
    """Build set-ups, run their jobs at the same time, and delete all. Returns how each job ended."""
    image, names, said = aws.image("sklearn", "1.2-1"), {each: aws.unique(each) for each in setups}, {}
    with contextlib.ExitStack() as stack:
        built = {}
        for each, setup in setups.items():
            network = stack.enter_context(Network(aws.client, aws.unique, setup))
            try:
                network.start(names[each], role, image)
                built[each] = network
            except ClientError as error:
                said[each] = error.response["Error"]["Message"]
        return said | {each: network.ended(names[each]) for each, network in built.items()}


def _input(name: str, place: str, folder: str) -> dict:
    source = {"S3Uri": f"s3://{place}", "LocalPath": folder, "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": source | {"S3InputMode": "File"}}


def _patiently(call: Callable[..., Any], **parameters: Any) -> None:
    """Delete what AWS keeps until its network interfaces are gone, some minutes after a job."""
    for _ in range(LONGEST):
        try:
            call(**parameters)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] not in IN_USE:
                raise
            time.sleep(1)
