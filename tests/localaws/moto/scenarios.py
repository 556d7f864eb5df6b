"""Scenarios for many services: each creates resources and reads them back. A restarted process must read the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.localaws.subscribed_queues import subscribe

Client = Callable[[str], Any]
SCENARIOS: dict[str, tuple[Callable[[Client], Any], Callable[[Client, Any], list[dict]]]] = {}

ACCOUNT = "123456789012"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def scenario(make: Callable[[Client], Any]) -> Callable:
    """Register ``make`` under its name. The decorated function reads back what ``make`` created."""

    def register(read: Callable[[Client, Any], list[dict]]) -> Callable:
        SCENARIOS[make.__name__.removeprefix("make_")] = (make, read)
        return read

    return register


def make_iam(client: Client) -> dict:
    iam = client("iam")
    iam.create_user(UserName="restart", Tags=[{"Key": "team", "Value": "a"}])
    iam.create_group(GroupName="restart")
    iam.add_user_to_group(GroupName="restart", UserName="restart")
    policy = iam.create_policy(PolicyName="restart", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="restart", PolicyArn=policy)
    iam.create_role(RoleName="restart", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="restart")
    return {"policy": policy, "key": iam.create_access_key(UserName="restart")["AccessKey"]}


@scenario(make_iam)
def read_iam(client: Client, made: dict) -> list[dict]:
    iam = client("iam")
    return [
        iam.get_user(UserName="restart"),
        iam.list_access_keys(UserName="restart"),
        iam.get_group(GroupName="restart"),
        iam.get_policy(PolicyArn=made["policy"]),
        iam.get_role(RoleName="restart"),
        iam.get_instance_profile(InstanceProfileName="restart"),
        iam.list_attached_user_policies(UserName="restart"),
    ]


def make_kms(client: Client) -> dict:
    kms = client("kms")
    key = kms.create_key(Description="restart")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/restart", TargetKeyId=key)
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    curve = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    signature = kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")["Signature"]
    return {"key": key, "signing": signing, "curve": curve, "managed": managed, "secret": secret, "signature": signature}


@scenario(make_kms)
def read_kms(client: Client, made: dict) -> list[dict]:
    kms = client("kms")
    return [
        kms.describe_key(KeyId="alias/restart"),
        kms.decrypt(CiphertextBlob=made["secret"]),
        kms.get_public_key(KeyId=made["signing"]),
        kms.get_public_key(KeyId=made["curve"]),
        kms.describe_key(KeyId=made["managed"]),
        kms.verify(
            KeyId=made["signing"], Message=b"m", Signature=made["signature"], SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
        ),
    ]  # fmt: skip


def make_secretsmanager(client: Client) -> str:
    secret = client("secretsmanager").create_secret(Name="restart", SecretString="s1")["ARN"]
    client("secretsmanager").put_secret_value(SecretId=secret, SecretString="s2")
    return secret


@scenario(make_secretsmanager)
def read_secretsmanager(client: Client, secret: str) -> list[dict]:
    return [client("secretsmanager").get_secret_value(SecretId=secret), client("secretsmanager").describe_secret(SecretId=secret)]


def make_ssm(client: Client) -> None:
    client("ssm").put_parameter(Name="/restart/a", Value="1", Type="String")
    client("ssm").put_parameter(Name="/restart/a", Value="2", Type="String", Overwrite=True)


@scenario(make_ssm)
def read_ssm(client: Client, made: None) -> list[dict]:
    return [client("ssm").get_parameter(Name="/restart/a"), client("ssm").get_parameter_history(Name="/restart/a")]


def make_sqs(client: Client) -> dict:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="restart")["QueueUrl"]
    sent = [sqs.send_message(QueueUrl=url, MessageBody=f"m{number}")["MessageId"] for number in range(3)]
    received = sqs.receive_message(QueueUrl=url, VisibilityTimeout=3600)["Messages"]
    return {"url": url, "sent": sent, "handle": received[0]["ReceiptHandle"]}


@scenario(make_sqs)
def read_sqs(client: Client, made: dict) -> list[dict]:
    attributes = client("sqs").get_queue_attributes(QueueUrl=made["url"], AttributeNames=["All"])
    client("sqs").change_message_visibility(QueueUrl=made["url"], ReceiptHandle=made["handle"], VisibilityTimeout=3600)
    return [attributes, client("sqs").get_queue_url(QueueName="restart")]


def make_sns(client: Client) -> str:
    topic = client("sns").create_topic(Name="restart")["TopicArn"]
    queue = client("sqs").create_queue(QueueName="restart-topic")["QueueUrl"]
    subscribe(client("sns"), client("sqs"), topic, queue)
    client("sns").publish(TopicArn=topic, Message="hello")
    return topic


@scenario(make_sns)
def read_sns(client: Client, topic: str) -> list[dict]:
    url = client("sqs").get_queue_url(QueueName="restart-topic")["QueueUrl"]
    return [
        client("sns").list_subscriptions_by_topic(TopicArn=topic),
        client("sns").get_topic_attributes(TopicArn=topic),
        client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
    ]


def make_dynamodb(client: Client) -> str:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="restart",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    for number in range(5):
        dynamodb.put_item(TableName="restart", Item={"id": {"S": f"k{number}"}, "n": {"N": str(number)}})
    dynamodb.delete_item(TableName="restart", Key={"id": {"S": "k3"}})
    return dynamodb.describe_table(TableName="restart")["Table"]["LatestStreamArn"]


@scenario(make_dynamodb)
def read_dynamodb(client: Client, stream: str) -> list[dict]:
    return [
        client("dynamodb").describe_table(TableName="restart"),
        client("dynamodb").scan(TableName="restart"),
        client("dynamodbstreams").describe_stream(StreamArn=stream),
    ]


def make_kinesis(client: Client) -> None:
    client("kinesis").create_stream(StreamName="restart", ShardCount=2)
    client("kinesis").put_records(StreamName="restart", Records=[{"Data": b"\x00\xff", "PartitionKey": str(n)} for n in range(4)])


@scenario(make_kinesis)
def read_kinesis(client: Client, made: None) -> list[dict]:
    kinesis = client("kinesis")
    shards = kinesis.list_shards(StreamName="restart")
    iterator = kinesis.get_shard_iterator(
        StreamName="restart", ShardId=shards["Shards"][0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )  # fmt: skip
    records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    return [kinesis.describe_stream(StreamName="restart"), shards, {"Records": records["Records"]}]


def make_ecr(client: Client) -> None:
    client("ecr").create_repository(repositoryName="restart")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:" + "0" * 64}, "layers": []})
    client("ecr").put_image(repositoryName="restart", imageManifest=manifest, imageTag="v1")


@scenario(make_ecr)
def read_ecr(client: Client, made: None) -> list[dict]:
    return [client("ecr").describe_repositories(repositoryNames=["restart"]), client("ecr").describe_images(repositoryName="restart")]


def make_stepfunctions(client: Client) -> str:
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
    return client("stepfunctions").create_state_machine(name="restart", definition=definition, roleArn=role)["stateMachineArn"]


@scenario(make_stepfunctions)
def read_stepfunctions(client: Client, arn: str) -> list[dict]:
    return [client("stepfunctions").describe_state_machine(stateMachineArn=arn)]


def make_glue(client: Client) -> None:
    client("glue").create_database(DatabaseInput={"Name": "restart"})
    columns = [{"Name": "a", "Type": "int"}]
    client("glue").create_table(DatabaseName="restart", TableInput={"Name": "t", "StorageDescriptor": {"Columns": columns}})
    client("glue").create_partition(DatabaseName="restart", TableName="t", PartitionInput={"Values": ["2013"]})
    client("athena").create_named_query(Name="restart", Database="restart", QueryString="SELECT 1")


@scenario(make_glue)
def read_glue(client: Client, made: None) -> list[dict]:
    return [
        client("glue").get_database(Name="restart"),
        client("glue").get_tables(DatabaseName="restart"),
        client("glue").get_partitions(DatabaseName="restart", TableName="t"),
        client("athena").list_named_queries(),
    ]


def make_ec2(client: Client) -> dict:
    ec2 = client("ec2")
    default = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]  # created by the first read
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="restart", Description="d", VpcId=default)["GroupId"]
    ec2.create_key_pair(KeyName="restart")
    ec2.create_key_pair(KeyName="restart-ed", KeyType="ed25519")
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")
    return {"vpc": vpc, "subnet": subnet, "group": group}


@scenario(make_ec2)
def read_ec2(client: Client, made: dict) -> list[dict]:
    ec2 = client("ec2")
    return [
        ec2.describe_vpcs(),
        ec2.describe_subnets(),
        ec2.describe_route_tables(),
        ec2.describe_network_acls(),
        ec2.describe_security_groups(),
        ec2.describe_key_pairs(),
        ec2.describe_vpc_endpoints(),
    ]


def make_cognito(client: Client) -> str:
    pool = client("cognito-idp").create_user_pool(PoolName="restart")["UserPool"]["Id"]
    client("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName="app", GenerateSecret=True)
    client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ann", TemporaryPassword="Passw0rd!")
    return pool


@scenario(make_cognito)
def read_cognito(client: Client, pool: str) -> list[dict]:
    cognito = client("cognito-idp")
    application = cognito.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"][0]["ClientId"]
    return [
        cognito.describe_user_pool(UserPoolId=pool),
        cognito.describe_user_pool_client(UserPoolId=pool, ClientId=application),
        cognito.admin_get_user(UserPoolId=pool, Username="ann"),
    ]


def make_acm(client: Client) -> str:
    return client("acm").request_certificate(DomainName="restart.example.com")["CertificateArn"]


@scenario(make_acm)
def read_acm(client: Client, arn: str) -> list[dict]:
    return [client("acm").describe_certificate(CertificateArn=arn)]


def make_cloudformation(client: Client) -> None:
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic"}}}
    client("cloudformation").create_stack(StackName="restart", TemplateBody=json.dumps(template))


@scenario(make_cloudformation)
def read_cloudformation(client: Client, made: None) -> list[dict]:
    cloudformation = client("cloudformation")
    return [cloudformation.describe_stacks(StackName="restart"), cloudformation.describe_stack_resources(StackName="restart")]


def make_route53(client: Client) -> str:
    return client("route53").create_hosted_zone(Name="restart.example.com", CallerReference="1")["HostedZone"]["Id"]


@scenario(make_route53)
def read_route53(client: Client, zone: str) -> list[dict]:
    return [client("route53").get_hosted_zone(Id=zone), client("route53").list_resource_record_sets(HostedZoneId=zone)]


def make_elbv2(client: Client) -> None:
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:2]]
    client("elbv2").create_load_balancer(Name="restart", Subnets=subnets)


@scenario(make_elbv2)
def read_elbv2(client: Client, made: None) -> list[dict]:
    return [client("elbv2").describe_load_balancers(Names=["restart"])]


def make_databases(client: Client) -> None:
    client("rds").create_db_instance(
        DBInstanceIdentifier="restart", DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="u", MasterUserPassword="password1"
    )
    client("redshift").create_cluster(ClusterIdentifier="restart", NodeType="ra3.large", MasterUsername="u", MasterUserPassword="Passw0rd1")


@scenario(make_databases)
def read_databases(client: Client, made: None) -> list[dict]:
    database = client("rds").describe_db_instances(DBInstanceIdentifier="restart")
    del database["DBInstances"][0]["LatestRestorableTime"]  # this is the current time
    return [database, client("redshift").describe_clusters(ClusterIdentifier="restart")]


def make_apigateway(client: Client) -> str:
    return client("apigateway").create_rest_api(name="restart")["id"]


@scenario(make_apigateway)
def read_apigateway(client: Client, api: str) -> list[dict]:
    return [client("apigateway").get_rest_api(restApiId=api), client("apigateway").get_resources(restApiId=api)]


def make_autoscaling(client: Client) -> None:
    table = {  # scalable targets outside SageMaker are only records
        "ResourceId": "table/restart",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "ServiceNamespace": "dynamodb",
    }
    client("application-autoscaling").register_scalable_target(**table, MinCapacity=1, MaxCapacity=2)
    client("application-autoscaling").put_scaling_policy(
        **table,
        PolicyName="restart",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    )


@scenario(make_autoscaling)
def read_autoscaling(client: Client, made: None) -> list[dict]:
    scaling = client("application-autoscaling")
    return [
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb"),
        scaling.describe_scaling_policies(ServiceNamespace="dynamodb"),
    ]  # fmt: skip


def make_lakeformation(client: Client) -> None:
    client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"},
        Resource={"Database": {"Name": "restart"}},
        Permissions=["DESCRIBE"],
    )


@scenario(make_lakeformation)
def read_lakeformation(client: Client, made: None) -> list[dict]:
    return [client("lakeformation").list_permissions()]
