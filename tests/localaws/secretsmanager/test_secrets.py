"""Secrets through their lives: versions and labels, lists and filters, deletion on the clock, and what a restart keeps."""

from __future__ import annotations

import string
import uuid
from types import SimpleNamespace

import pytest

from course.localaws.core.clock import Clock
from course.localaws.core.scheduler import Scheduler
from course.localaws.secretsmanager.store import Secret, SecretStore
from course.localaws.secretsmanager.timers import SecretTimers

DAY = 86_400


def stages(secrets, name: str) -> dict[str, list[str]]:
    """Label -> value."""
    found = secrets.describe_secret(SecretId=name).get("VersionIdsToStages", {})
    return {id: sorted(labels) for id, labels in found.items()}


def test_labels_move_with_each_new_value(secrets, name):
    first = secrets.create_secret(Name=name, SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="2")["VersionId"]
    assert stages(secrets, name) == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    third = secrets.put_secret_value(SecretId=name, SecretString="3", VersionStages=["CANDIDATE"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "2"
    assert secrets.get_secret_value(SecretId=name, VersionStage="CANDIDATE")["SecretString"] == "3"
    secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=third, RemoveFromVersionId=second)
    assert stages(secrets, name) == {second: ["AWSPREVIOUS"], third: ["AWSCURRENT", "CANDIDATE"]}
    listed = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert {each["VersionId"] for each in listed} == {first, second, third}
    assert secrets.get_secret_value(SecretId=name, VersionId=first)["SecretString"] == "1"


def test_a_label_moves_only_from_where_it_is(secrets, name, refused):
    first = secrets.create_secret(Name=name, SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="2")["VersionId"]
    for places in ({"MoveToVersionId": first}, {"MoveToVersionId": first, "RemoveFromVersionId": first}, {"RemoveFromVersionId": second}):
        with refused("InvalidParameterException"):
            secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", **places)
    with refused("ResourceNotFoundException"):
        secrets.update_secret_version_stage(SecretId=name, VersionStage="X", MoveToVersionId=str(uuid.uuid4()))


def test_a_repeated_request_makes_one_version(secrets, name, refused):
    token = str(uuid.uuid4())
    made = secrets.create_secret(Name=name, SecretString="1", ClientRequestToken=token)
    again = secrets.create_secret(Name=name, SecretString="1", ClientRequestToken=token)
    assert made["ARN"] == again["ARN"]
    secrets.put_secret_value(SecretId=name, SecretString="1", ClientRequestToken=token)
    assert len(stages(secrets, name)) == 1
    with refused("ResourceExistsException"):
        secrets.put_secret_value(SecretId=name, SecretString="2", ClientRequestToken=token)
    with refused("ResourceExistsException"):
        secrets.create_secret(Name=name, SecretString="1")


def test_a_secret_has_three_names(secrets, name, refused):
    arn = secrets.create_secret(Name=name, SecretBinary=b"\x00\xff")["ARN"]
    values = [secrets.get_secret_value(SecretId=each)["SecretBinary"] for each in (name, arn, arn[:-7])]
    assert values == [b"\x00\xff"] * 3
    for wrong in (arn[:-1], name + "-", arn.replace("us-east-1", "eu-west-1")):
        with refused("ResourceNotFoundException"):
            secrets.get_secret_value(SecretId=wrong)


def test_a_secret_without_a_value_has_none(secrets, name, refused):
    made = secrets.create_secret(Name=name, Description="later")
    assert "VersionId" not in made
    with refused("ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=name)
    secrets.put_secret_value(SecretId=name, SecretString="now")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "now"
    with refused("InvalidRequestException"):
        secrets.put_secret_value(SecretId=name)
    with refused("InvalidParameterException"):
        secrets.put_secret_value(SecretId=name, SecretString="a", SecretBinary=b"b")


def test_descriptions_tags_and_update(secrets, name, refused):
    secrets.create_secret(Name=name, SecretString="1", Tags=[{"Key": "team", "Value": "ml"}])
    secrets.update_secret(SecretId=name, Description="of the model", SecretString="2")
    secrets.tag_resource(SecretId=name, Tags=[{"Key": "stage", "Value": "test"}])
    secrets.untag_resource(SecretId=name, TagKeys=["team"])
    found = secrets.describe_secret(SecretId=name)
    assert (found["Description"], found["Tags"]) == ("of the model", [{"Key": "stage", "Value": "test"}])
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "2"
    assert secrets.describe_secret(SecretId=name)["LastAccessedDate"].hour == 0
    with refused("InvalidParameterException"):
        secrets.tag_resource(SecretId=name, Tags=[{"Key": "aws:x", "Value": "y"}])


def test_filters_choose_by_prefixes_and_words(secrets):
    names = {"filter/prod/ModelKey": "Reads the WAREHOUSE", "filter/test/ModelKey": "of tests", "filter/prod/Other": ""}
    for each, text in names.items():
        secrets.create_secret(Name=each, SecretString="x", Description=text, Tags=[{"Key": "filter-stage", "Value": each.split("/")[1]}])

    def listed(**values: list[str]) -> list[str]:
        filters = [{"Key": key.replace("_", "-"), "Values": each} for key, each in values.items()]
        found = secrets.list_secrets(Filters=[{"Key": "name", "Values": ["filter/"]}, *filters], SortBy="name", SortOrder="asc")
        return [each["Name"] for each in found["SecretList"]]

    assert listed() == sorted(names)
    assert listed(tag_value=["prod"]) == ["filter/prod/ModelKey", "filter/prod/Other"]
    assert listed(description=["warehouse"]) == ["filter/prod/ModelKey"]
    assert listed(all=["!prod"]) == ["filter/test/ModelKey"]
    assert listed(all=["key"], tag_value=["test"]) == ["filter/test/ModelKey"]
    pages = secrets.get_paginator("list_secrets").paginate(
        PaginationConfig={"PageSize": 2}, Filters=[{"Key": "name", "Values": ["filter/"]}]
    )
    assert sorted(each["Name"] for page in pages for each in page["SecretList"]) == sorted(names)
    batch = secrets.batch_get_secret_value(Filters=[{"Key": "tag-value", "Values": ["prod"]}])
    assert {each["Name"] for each in batch["SecretValues"]} == {"filter/prod/ModelKey", "filter/prod/Other"}


def test_a_batch_says_which_secrets_it_did_not_find(secrets, name, refused):
    secrets.create_secret(Name=name, SecretString="1")
    batch = secrets.batch_get_secret_value(SecretIdList=[name, "no-such-secret"])
    assert [each["SecretString"] for each in batch["SecretValues"]] == ["1"]
    assert [(each["SecretId"], each["ErrorCode"]) for each in batch["Errors"]] == [("no-such-secret", "ResourceNotFoundException")]
    with refused("InvalidParameterException"):
        secrets.batch_get_secret_value()


def test_passwords_have_each_type_that_they_must_have(secrets, refused):
    made = secrets.get_random_password(PasswordLength=8, ExcludePunctuation=True, ExcludeCharacters="aeiou")["RandomPassword"]
    assert len(made) == 8 and not set(made) & set("aeiou" + string.punctuation)
    assert any(each.isdigit() for each in made) and any(each.isupper() for each in made)
    with refused("InvalidParameterException"):
        secrets.get_random_password(PasswordLength=3)


def test_a_deleted_secret_waits_and_can_be_restored(aws, refused):
    secrets = aws("secretsmanager")
    arn = secrets.create_secret(Name="doomed", SecretString="1")["ARN"]
    with refused("InvalidParameterException"):
        secrets.delete_secret(SecretId="doomed", RecoveryWindowInDays=6)
    secrets.delete_secret(SecretId="doomed", RecoveryWindowInDays=7)
    for call in (secrets.get_secret_value, secrets.put_secret_value):
        with refused("InvalidRequestException"):
            call(SecretId="doomed", **({"SecretString": "2"} if call == secrets.put_secret_value else {}))
    with refused("InvalidRequestException"):
        secrets.create_secret(Name="doomed", SecretString="2")
    assert not secrets.list_secrets()["SecretList"]
    assert [each["ARN"] for each in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]] == [arn]
    secrets.restore_secret(SecretId="doomed")
    assert secrets.get_secret_value(SecretId="doomed")["SecretString"] == "1"
    secrets.delete_secret(SecretId="doomed", RecoveryWindowInDays=7)
    aws.restart()
    secrets = aws("secretsmanager")
    aws.handle.advance(7 * DAY - 60)
    assert secrets.describe_secret(SecretId="doomed")["DeletedDate"]
    aws.handle.advance(120)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId="doomed")
    secrets.create_secret(Name="doomed", SecretString="3")
    secrets.delete_secret(SecretId="doomed", ForceDeleteWithoutRecovery=True)
    secrets.delete_secret(SecretId="doomed", ForceDeleteWithoutRecovery=True)
    assert secrets.create_secret(Name="doomed", SecretString="4")["ARN"] != arn


@pytest.mark.parametrize(
    ("operation", "options"),
    [
        ("create_secret", {"Name": "r", "SecretString": "x", "AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        ("create_secret", {"Name": "r", "SecretString": "x", "Type": "SalesforceClientSecret"}),
        ("replicate_secret_to_regions", {"SecretId": "r", "AddReplicaRegions": [{"Region": "eu-west-1"}]}),
    ],
)
def test_replicas_and_secrets_of_partners_are_refused_by_name(secrets, refused, operation, options):
    with refused("NotSupportedByLocalAws"):
        getattr(secrets, operation)(**options)


def test_what_moto_keeps_sees_no_secrets(client, refused):
    with refused("NotSupportedByLocalAws"):
        client("ssm").get_parameter(Name="/aws/reference/secretsmanager/x", WithDecryption=True)
    with refused("NotSupportedByLocalAws"):
        client("rds").create_db_instance(
            DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="u", ManageMasterUserPassword=True
        )
    template = '{"Resources": {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {}}}}'
    with refused("NotSupportedByLocalAws"):
        client("cloudformation").create_stack(StackName="secrets", TemplateBody=template)


def test_a_secret_that_is_deleted_when_its_rotation_is_due_waits_until_its_date(tmp_path):
    clock = Clock()
    store = SecretStore(tmp_path / "secrets.db")
    timers = SecretTimers(SimpleNamespace(clock=clock, scheduler=Scheduler(clock)), store)
    try:
        store.put(Secret("us-east-1", "waits", "arn", 0.0, 0.0, deletion=clock.now() + DAY))
        timers._begin(("us-east-1", "waits"), clock.now())
        assert store.get("us-east-1", "waits")
        timers._begin(("us-east-1", "waits"), clock.now() + DAY)
        assert store.get("us-east-1", "waits") is None
    finally:
        timers.shutdown()
        store.shutdown()
