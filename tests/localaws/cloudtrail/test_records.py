"""CloudTrail's records: who called, what was called with which parameters, what came of it, and that no secret is in them."""

from __future__ import annotations

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

from course.localaws.core.sdk_environment import REGION
from course.localaws.protocol.redaction import HIDDEN
from tests.localaws.boto_clients import session_with_keys
from tests.localaws.cloudtrail.events_of import record, records
from tests.localaws.refusals import refused

ACCOUNT = "123456789012"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
    ],
}
SECRET = "Tr0ub4dor-and-3"


@pytest.fixture(scope="module")
def trail(client):
    return client("cloudtrail")


@pytest.fixture(scope="module")
def as_keys(local_aws):
    """``as_keys(credentials, "sts")``: a client that signs with the keys in an answer of IAM or STS."""

    def make(keys: dict, service: str):
        session = session_with_keys(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))
        return session.client(service, endpoint_url=local_aws.endpoint)

    return make


def test_a_record_has_the_members_of_aws(client, trail):
    client("iam").create_role(RoleName="recorded", AssumeRolePolicyDocument=json.dumps(TRUST), Path="/people/")
    found = record(trail, EventName="CreateRole")
    identity = found.pop("userIdentity")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.pop("eventTime"))
    assert all(re.fullmatch(r"[0-9a-f-]{36}", found.pop(name)) for name in ("eventID", "requestID"))
    assert "Boto3/" in found.pop("userAgent")
    assert found.pop("responseElements")["role"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/people/recorded"
    assert found == {
        "eventVersion": "1.11",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateRole",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {"roleName": "recorded", "assumeRolePolicyDocument": json.dumps(TRUST), "path": "/people/"},
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    assert (identity["type"], identity["arn"]) == ("AssumedRole", f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/learner")


def test_the_record_of_a_session_names_the_role_that_issued_it(client, trail, as_keys):
    role = client("iam").create_role(RoleName="issuer", AssumeRolePolicyDocument=json.dumps(TRUST), Path="/jobs/")["Role"]
    keys = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="night", SourceIdentity="ada")["Credentials"]
    as_keys(keys, "sts").get_caller_identity()
    client("iam").delete_role(RoleName="issuer")  # the record stays as it was
    identity = record(trail, AccessKeyId=keys["AccessKeyId"])["userIdentity"]
    created = identity["sessionContext"]["attributes"].pop("creationDate")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created)
    assert identity == {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:night",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/issuer/night",
        "accountId": ACCOUNT,
        "accessKeyId": keys["AccessKeyId"],
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role["RoleId"],
                "arn": role["Arn"],
                "accountId": ACCOUNT,
                "userName": "issuer",
            },
            "attributes": {"mfaAuthenticated": "false"},
            "sourceIdentity": "ada",
        },
    }


def test_assume_role_shows_which_key_it_made_and_hides_the_key_itself(client, trail):
    role = client("iam").create_role(RoleName="assumed", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    keys = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="seen")["Credentials"]
    found = record(trail, EventName="AssumeRole")
    shown = found["responseElements"]["credentials"]
    assert (shown["accessKeyId"], shown["secretAccessKey"], shown["sessionToken"]) == (keys["AccessKeyId"], HIDDEN, HIDDEN)
    assert found["readOnly"] is True
    assert found["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": role["Arn"]}]


def test_the_record_of_a_user_names_it(client, trail, as_keys):
    user = client("iam").create_user(UserName="recorded-ada")["User"]
    keys = client("iam").create_access_key(UserName="recorded-ada")["AccessKey"]
    as_keys(keys, "sts").get_caller_identity()
    assert record(trail, AccessKeyId=keys["AccessKeyId"])["userIdentity"] == {
        "type": "IAMUser",
        "principalId": user["UserId"],
        "arn": user["Arn"],
        "accountId": ACCOUNT,
        "accessKeyId": keys["AccessKeyId"],
        "userName": "recorded-ada",
    }


def _lambda_name(client) -> None:
    with pytest.raises(ClientError):
        client("lambda").get_function(FunctionName="no-such-function")


# A call -> the name of its event, its source, and some of its parameters.
NAMES = {
    "lambda": (_lambda_name, "GetFunction20150331v2", "lambda.amazonaws.com", {"functionName": "no-such-function"}),
    "application-autoscaling": (
        lambda client: client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker"),
        "DescribeScalableTargets",
        "autoscaling.amazonaws.com",
        {"serviceNamespace": "sagemaker"},
    ),
    "cloudwatch": (
        lambda client: client("cloudwatch").describe_alarms(AlarmNames=["recorded"]),
        "DescribeAlarms",
        "monitoring.amazonaws.com",
        {"alarmNames": ["recorded"]},
    ),
    "rds": (
        lambda client: client("rds").describe_db_instances(Filters=[{"Name": "engine", "Values": ["postgres"]}]),
        "DescribeDBInstances",
        "rds.amazonaws.com",
        {},
    ),
    "ec2": (
        lambda client: client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}]),
        "DescribeVpcs",
        "ec2.amazonaws.com",
        {"filters": [{"name": "isDefault", "values": ["true"]}]},
    ),
    "sns": (
        lambda client: client("sns").create_topic(Name="recorded", Attributes={"DisplayName": "r"}),
        "CreateTopic",
        "sns.amazonaws.com",
        {"name": "recorded", "attributes": {"DisplayName": "r"}},
    ),
    "sagemaker": (
        lambda client: client("sagemaker").list_models(NameContains="recorded"),
        "ListModels",
        "sagemaker.amazonaws.com",
        {"nameContains": "recorded"},
    ),
}


@pytest.mark.parametrize("service", NAMES)
def test_events_have_the_names_and_parameters_that_cloudtrail_writes(client, trail, service):
    call, name, source, parameters = NAMES[service]
    call(client)
    found = record(trail, EventName=name)
    assert found["eventSource"] == source
    assert parameters.items() <= (found["requestParameters"] or {}).items()
    assert found["responseElements"] is None or found["readOnly"] is False


def test_calls_on_buckets_have_the_names_of_s3(client, trail):
    s3, name = client("s3"), "recorded-bucket"
    s3.create_bucket(Bucket=name)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/x"}],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    s3.get_public_access_block(Bucket=name)
    found = records(trail, ResourceName=name)
    assert [each["eventName"] for each in found] == ["GetBucketPublicAccessBlock", "PutBucketPolicy", "CreateBucket"]
    assert found[1]["requestParameters"]["bucketPolicy"] == policy
    assert found[1]["resources"] == [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{name}"}]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("glue", "get_table", {"DatabaseName": "none", "Name": "none"}),
        ("sqs", "get_queue_url", {"QueueName": "no-such-queue"}),
        ("iam", "get_role", {"RoleName": "no-such-role"}),
        ("kms", "describe_key", {"KeyId": "alias/none"}),
        ("sagemaker", "describe_model", {"ModelName": "no-such-model"}),
    ],
)
def test_an_error_is_recorded_also_of_services_that_moto_serves(client, trail, service, operation, parameters):
    code, message = refused(getattr(client(service), operation), **parameters)
    found = record(trail, EventSource=f"{service}.amazonaws.com")
    assert (found["errorCode"].rpartition(".")[2], found["errorMessage"]) == (code.rpartition(".")[2], message)
    assert found["responseElements"] is None


def test_no_secret_is_in_a_record(client, trail):
    secrets, kms, iam = client("secretsmanager"), client("kms"), client("iam")
    arn = secrets.create_secret(Name="recorded-secret", SecretString=SECRET)["ARN"]
    secrets.put_secret_value(SecretId=arn, SecretBinary=SECRET.encode())
    assert secrets.get_secret_value(SecretId=arn)["SecretBinary"] == SECRET.encode()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=SECRET.encode())["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == SECRET.encode()
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    iam.create_user(UserName="recorded-secretive")
    iam.create_login_profile(UserName="recorded-secretive", Password=SECRET)
    client("ssm").put_parameter(Name="recorded", Value=SECRET, Type="SecureString")
    connection = {"Name": "recorded", "ConnectionType": "JDBC", "ConnectionProperties": {"USERNAME": "u", "PASSWORD": SECRET}}
    client("glue").create_connection(ConnectionInput=connection)
    database = {"DBInstanceIdentifier": "recorded", "Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20}
    client("rds").create_db_instance(**database, MasterUsername="u", MasterUserPassword=SECRET)
    made = iam.create_access_key(UserName="recorded-secretive")["AccessKey"]["SecretAccessKey"]
    text = json.dumps(records(trail))
    for hidden in (SECRET, base64.b64encode(SECRET.encode()).decode(), made):
        assert hidden not in text
    assert record(trail, EventName="CreateDBInstance")["requestParameters"] == {
        **{"dBInstanceIdentifier": "recorded", "engine": "postgres", "dBInstanceClass": "db.t3.micro", "allocatedStorage": 20},
        **{"masterUsername": "u", "masterUserPassword": HIDDEN},
    }
    found = record(trail, EventName="PutSecretValue")["requestParameters"]
    assert found["secretId"] == arn  # what was reached is shown
    assert record(trail, EventName="CreateConnection")["requestParameters"]["connectionInput"]["connectionProperties"] == {
        "USERNAME": "u",
        "PASSWORD": HIDDEN,
    }


def test_the_record_of_decrypt_names_the_key_that_only_the_ciphertext_knows(client, trail):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key["KeyId"], Plaintext=b"text")["CiphertextBlob"])
    found = record(trail, ResourceName=key["Arn"])
    assert (found["eventName"], found["responseElements"], found["requestParameters"]) == ("Decrypt", None, None)
    assert found["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key["Arn"]}]


def test_parameters_larger_than_the_limit_are_left_out(client, trail):
    client("glue").create_database(DatabaseInput={"Name": "recorded_large", "Parameters": {"text": "x" * 150_000}})
    found = record(trail, EventName="CreateDatabase")["requestParameters"]
    assert found["omitted"] is True and found["reason"] == "requestParameters too large" and found["originalSize"] > 150_000


def test_a_request_with_a_bad_signature_is_no_event(trail, as_keys):
    with pytest.raises(ClientError):
        as_keys({"AccessKeyId": "AKIA0123456789ABCDEF", "SecretAccessKey": "x"}, "sts").get_caller_identity()
    assert not records(trail, AccessKeyId="AKIA0123456789ABCDEF")


def test_the_grader_leaves_no_events(local_aws, client, trail):
    keys = local_aws.issue(f"arn:aws:iam::{ACCOUNT}:root", unlimited=True)
    grader = session_with_keys(keys.principal.access_key, keys.secret, keys.token).client("iam", endpoint_url=local_aws.endpoint)
    grader.list_roles(PathPrefix="/what-is-checked/")
    client("iam").list_roles(PathPrefix="/what-is-known/")
    text = json.dumps(records(trail, EventName="ListRoles"))
    assert "/what-is-known/" in text and "/what-is-checked/" not in text


def test_root_is_an_identity_of_its_own(local_aws, trail):
    keys = local_aws.issue(f"arn:aws:iam::{ACCOUNT}:root")
    root = session_with_keys(keys.principal.access_key, keys.secret, keys.token).client("sts", endpoint_url=local_aws.endpoint)
    root.get_caller_identity()
    identity = record(trail, Username="root")["userIdentity"]
    assert {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}.items() <= identity.items()


def test_regional_events_are_in_their_region_and_global_ones_in_one(client):
    client("sqs", region_name="eu-west-1").list_queues(QueueNamePrefix="recorded-there")
    client("iam", region_name="eu-west-1").list_roles(PathPrefix="/recorded-there/")

    def there(region: str) -> set[str]:
        found = records(client("cloudtrail", region_name=region))
        return {each["eventName"] for each in found if "recorded-there" in json.dumps(each["requestParameters"])}

    assert there("eu-west-1") == {"ListQueues"}
    assert there(REGION) == {"ListRoles"}
