"""Who may use a secret: policies of IAM, resource policies, condition keys, and the KMS key of its values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from course.localaws.protocol.model import service_model
from course.localaws.secretsmanager import permissions
from tests.localaws.kms.conftest import OF_ACCOUNT, allow, policy

READ = "secretsmanager:GetSecretValue"


def may_read(who, secret: str, **parameters) -> bool:
    try:
        who("secretsmanager").get_secret_value(SecretId=secret, **parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
    return True


@pytest.fixture
def secret(secrets, name) -> str:
    """The ARN of a new secret."""
    return secrets.create_secret(Name=name, SecretString="1", Tags=[{"Key": "team", "Value": "ml"}])["ARN"]


def test_a_caller_needs_the_action_on_the_secret(secrets, user, secret, name):
    ada = user()
    assert not may_read(ada, secret)
    ada.may(allow(READ, f"{secret[:-7]}-??????"))
    assert may_read(ada, secret) and may_read(ada, name)
    with pytest.raises(ClientError, match="not authorized to perform: secretsmanager:PutSecretValue on resource"):
        ada("secretsmanager").put_secret_value(SecretId=secret, SecretString="2")
    with pytest.raises(ClientError, match="not authorized to perform: secretsmanager:CreateSecret"):
        ada("secretsmanager").create_secret(Name=f"{name}-other", SecretString="2")


@pytest.mark.parametrize(
    ("condition", "parameters", "allowed"),
    [
        ({"StringEquals": {"secretsmanager:ResourceTag/team": "ml"}}, {}, True),
        ({"StringEquals": {"aws:ResourceTag/team": "ops"}}, {}, False),
        ({"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}, {}, True),
        ({"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}}, {}, False),
        ({"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}, {"VersionStage": "AWSCURRENT"}, True),
        ({"StringLike": {"secretsmanager:SecretId": "arn:*"}}, {}, True),
        ({"Null": {"secretsmanager:VersionId": "true"}}, {}, True),
        ({"StringEquals": {"secretsmanager:SecretPrimaryRegion": "us-east-1"}}, {}, True),
    ],
)
def test_condition_keys(user, secret, condition, parameters, allowed):
    assert may_read(user(allow(READ, Condition=condition)), secret, **parameters) is allowed


def test_a_resource_policy_gives_and_denies(secrets, user, secret, refused):
    ada, eve = user(), user(allow("secretsmanager:*"))
    deny = {"Effect": "Deny", "Action": READ, "Resource": "*", "Principal": {"AWS": eve.arn}}
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=policy(allow(READ, Principal={"AWS": ada.arn}), deny))
    assert may_read(ada, secret) and not may_read(eve, secret)
    assert json.loads(secrets.get_resource_policy(SecretId=secret)["ResourcePolicy"])["Statement"]
    secrets.delete_resource_policy(SecretId=secret)
    assert not may_read(ada, secret) and may_read(eve, secret)


def test_resource_policies_are_checked(secrets, secret, refused):
    everybody = policy(allow(READ, Principal="*"))
    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId=secret, ResourcePolicy=everybody, BlockPublicPolicy=True)
    found = secrets.validate_resource_policy(SecretId=secret, ResourcePolicy=everybody)
    assert not found["PolicyValidationPassed"] and "broad access" in found["ValidationErrors"][0]["ErrorMessage"]
    assert secrets.validate_resource_policy(ResourcePolicy=policy(OF_ACCOUNT | {"Action": READ}))["PolicyValidationPassed"]
    for wrong in ("{", policy(allow(READ)), policy(allow("s3:GetObject", Principal="*"))):
        with refused("MalformedPolicyDocumentException"):
            secrets.put_resource_policy(SecretId=secret, ResourcePolicy=wrong)
    with refused("MalformedPolicyDocumentException"):
        nobody = allow(READ, Principal={"AWS": "arn:aws:iam::123456789012:user/nobody"})
        secrets.put_resource_policy(SecretId=secret, ResourcePolicy=policy(nobody))
    lockout = {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*", "Principal": "*"}
    with refused("InvalidRequestException"):
        secrets.put_resource_policy(SecretId=secret, ResourcePolicy=policy(lockout))


def test_a_value_needs_the_permission_of_its_key(client, secrets, user, name):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    secret = secrets.create_secret(Name=name, SecretString="1", KmsKeyId=key)["ARN"]
    ada = user(allow("secretsmanager:*"))
    with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
        ada("secretsmanager").get_secret_value(SecretId=secret)
    with pytest.raises(ClientError, match="not authorized to perform: kms:GenerateDataKey"):
        ada("secretsmanager").put_secret_value(SecretId=secret, SecretString="2")
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com", "kms:EncryptionContext:SecretARN": secret}}
    ada.may(allow("secretsmanager:*"), allow(["kms:Decrypt", "kms:GenerateDataKey"], key, Condition=through))
    ada("secretsmanager").put_secret_value(SecretId=secret, SecretString="2")
    assert may_read(ada, secret)


def test_the_managed_key_needs_no_permission_of_its_own(user, secret):
    assert may_read(user(allow(READ)), secret)


def test_a_disabled_key_makes_its_secrets_unreadable(client, secrets, name, refused):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secrets.create_secret(Name=name, SecretString="1", KmsKeyId=key)
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        secrets.get_secret_value(SecretId=name)
    with refused("EncryptionFailure"):
        secrets.put_secret_value(SecretId=name, SecretString="2")
    kms.enable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    with refused("EncryptionFailure"):
        secrets.create_secret(Name=f"{name}-other", SecretString="1", KmsKeyId="alias/no-such-key")


def test_another_key_encrypts_present_versions_again(client, secrets, name, refused):
    kms = client("kms")
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    secrets.create_secret(Name=name, SecretString="1", KmsKeyId=keys[0])
    secrets.update_secret(SecretId=name, KmsKeyId=keys[1])
    kms.disable_key(KeyId=keys[0])
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    assert secrets.describe_secret(SecretId=name)["KmsKeyId"] == keys[1]
    [version] = secrets.list_secret_version_ids(SecretId=name)["Versions"]
    assert version["KmsKeyIds"] == [keys[1]]


def test_a_batch_leaves_out_what_the_caller_may_not_read(secrets, user, secret, name):
    other = secrets.create_secret(Name=f"{name}-other", SecretString="2")["ARN"]
    ada = user(allow("secretsmanager:BatchGetSecretValue"), allow(READ, secret))
    batch = ada("secretsmanager").batch_get_secret_value(SecretIdList=[secret, other])
    assert [each["ARN"] for each in batch["SecretValues"]] == [secret]
    assert [(each["SecretId"], each["ErrorCode"]) for each in batch["Errors"]] == [(other, "AccessDeniedException")]


def test_no_value_is_on_disk_as_text(aws):
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="hidden", SecretString="a-value-that-nobody-sees")
    secrets.put_secret_value(SecretId="hidden", SecretBinary=b"another-value-that-nobody-sees")
    for path in Path(aws.state).rglob("*"):
        if path.is_file():
            assert b"value-that-nobody-sees" not in path.read_bytes(), path
    assert (aws.state / "secrets.db").stat().st_mode & 0o077 == 0


def test_the_tables_name_operations_and_members_that_exist():
    model = service_model("secretsmanager")
    table = yaml.safe_load(Path(permissions.__file__).with_suffix(".yaml").read_text())
    assert {*table["without_secret"], *table["also"]} <= {*model.operation_names}
    keys = yaml.safe_load(Path(permissions.__file__).with_name("condition_keys.yaml").read_text())
    members = {member for name in model.operation_names for member in model.operation_model(name).input_shape.members}
    assert {*keys["members"].values()} <= members


def test_a_tag_without_a_value_has_an_empty_one_and_one_without_a_key_is_refused(secrets, user, name, refused):
    condition = {"StringEquals": {"aws:RequestTag/team": ""}}
    ada = user(allow(["secretsmanager:CreateSecret", "secretsmanager:TagResource"], Condition=condition))
    ada("secretsmanager").create_secret(Name=name, Tags=[{"Key": "team"}])
    assert secrets.describe_secret(SecretId=name)["Tags"] == [{"Key": "team", "Value": ""}]
    with refused("InvalidParameterException"):
        secrets.tag_resource(SecretId=name, Tags=[{"Value": "ml"}])
