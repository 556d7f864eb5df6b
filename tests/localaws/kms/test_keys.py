"""Keys through their lives: states, aliases, tags, rotation and deletion on the clock, and what a restart and an earlier release keep."""

from __future__ import annotations

import json
import time

import pytest

from tests.localaws.moto import earlier_release
from tests.localaws.moto.restartable_aws import RestartableAws

DAY = 86_400


@pytest.fixture
def aws(tmp_path):
    made = RestartableAws(tmp_path / "state")
    yield made
    made.stop()


def test_a_disabled_key_does_nothing_until_it_is_enabled(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.enable_key_rotation(KeyId=key),
        lambda: kms.create_grant(KeyId=key, GranteePrincipal="arn:aws:iam::123456789012:root", Operations=["Decrypt"]),
    ):
        with refused("DisabledException"):
            call()
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_waits_for_its_deletion_and_is_then_gone_with_all_that_it_encrypted(aws, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/doomed", TargetKeyId=key)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=6)
    assert kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"] == "PendingDeletion"
    with refused("KMSInvalidStateException"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("KMSInvalidStateException"):
        kms.enable_key(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.restart()
    kms = aws("kms")
    aws.handle.advance(6 * DAY)
    assert kms.describe_key(KeyId="alias/doomed")["KeyMetadata"]["KeyState"] == "PendingDeletion"
    aws.handle.advance(1 * DAY + 1)
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key)
    assert "alias/doomed" not in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    with refused("AccessDeniedException"):
        kms.decrypt(CiphertextBlob=blob)


def test_rotation_makes_a_new_secret_and_the_old_ones_still_decrypt(aws, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blobs = [kms.encrypt(KeyId=key, Plaintext=b"0")["CiphertextBlob"]]
    kms.rotate_key_on_demand(KeyId=key)
    blobs.append(kms.encrypt(KeyId=key, Plaintext=b"1")["CiphertextBlob"])
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 100)
    aws.handle.advance(250 * DAY)
    blobs.append(kms.encrypt(KeyId=key, Plaintext=b"2")["CiphertextBlob"])
    assert [each["RotationType"] for each in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["ON_DEMAND", "AUTOMATIC", "AUTOMATIC"]
    aws.restart()
    kms = aws("kms")
    assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in blobs] == [b"0", b"1", b"2"]
    kms.disable_key_rotation(KeyId=key)
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=signing)


def test_the_secrets_are_for_their_owner_only(aws):
    aws("kms").create_key()
    assert (aws.state / "kms.db").stat().st_mode & 0o077 == 0


def test_a_key_has_four_names(kms, key, refused):
    id = key.rpartition("/")[2]
    kms.create_alias(AliasName="alias/four-names", TargetKeyId=id)
    alias = key.rpartition(":")[0] + ":alias/four-names"
    assert {kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] for name in (id, key, "alias/four-names", alias)} == {key}
    with refused("NotFoundException"):
        kms.disable_key(KeyId="alias/four-names")
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key.replace("us-east-1", "eu-west-1"))
    with refused("AlreadyExistsException"):
        kms.create_alias(AliasName="alias/four-names", TargetKeyId=id)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/four-names", TargetKeyId=other)
    assert [each["AliasName"] for each in kms.list_aliases(KeyId=other)["Aliases"]] == ["alias/four-names"]
    kms.delete_alias(AliasName="alias/four-names")
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/four-names")
    with refused("InvalidAliasNameException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=other)
    with refused("ValidationException"):
        kms.create_alias(AliasName="mine", TargetKeyId=other)


def test_lists_have_pages(kms, refused):
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    listed = [key["KeyId"] for page in pages for key in page["Keys"]]
    assert made <= set(listed) and len(listed) == len(set(listed))
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="bm90aGluZw==")


def test_descriptions_and_tags(kms, refused):
    key = kms.create_key(Description="first", Tags=[{"TagKey": "team", "TagValue": "ml"}])["KeyMetadata"]["KeyId"]
    kms.update_key_description(KeyId=key, Description="second")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "stage", "TagValue": "test"}])
    kms.untag_resource(KeyId=key, TagKeys=["team"])
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "second"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "stage", "TagValue": "test"}]
    with refused("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": "y"}])


def test_a_multi_region_key_decrypts_in_its_replicas_region(client, kms):
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]
    assert key["KeyId"].startswith("mrk-")
    kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1")
    related = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert [replica["Region"] for replica in related["ReplicaKeys"]] == ["eu-west-1"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    there = client("kms", region_name="eu-west-1")
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_an_aws_managed_key_is_made_at_its_first_use_and_nobody_changes_it(kms, refused):
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("AWS", "Enabled")
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == key["KeyId"]
    for call in (kms.disable_key, kms.schedule_key_deletion, kms.disable_key_rotation):
        with refused("AccessDeniedException", 400):
            call(KeyId=key["KeyId"])
    with refused("AccessDeniedException", 400):  # only through S3
        kms.encrypt(KeyId="alias/aws/s3", Plaintext=b"x")


def test_after_a_reset_no_date_of_a_key_is_left(aws):
    kms = aws("kms")
    kms.schedule_key_deletion(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], PendingWindowInDays=7)
    aws.handle.reset()
    begin = time.monotonic()
    aws.handle.advance(8 * DAY)  # waits a minute for a task that stays due
    assert time.monotonic() - begin < 30


def rotations(kms, key: str) -> list[str]:
    return [each["RotationType"] for each in kms.list_key_rotations(KeyId=key)["Rotations"]]


def test_all_keys_of_a_multi_region_key_rotate_to_the_same_secret(aws, refused):
    kms, there = aws("kms"), aws("kms", region_name="eu-west-1")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    kms.rotate_key_on_demand(KeyId=key)
    aws.handle.advance(150 * DAY)
    assert rotations(kms, key) == rotations(there, key) == ["ON_DEMAND", "AUTOMATIC"]
    for one, other in ((kms, there), (there, kms)):
        assert other.decrypt(CiphertextBlob=one.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])["Plaintext"] == b"x"
    here, replicas = kms.get_key_rotation_status(KeyId=key), there.get_key_rotation_status(KeyId=key)
    assert [replicas[member] for member in ("RotationPeriodInDays", "NextRotationDate")] == [100, here["NextRotationDate"]]
    for call in (there.enable_key_rotation, there.disable_key_rotation, there.rotate_key_on_demand):
        with refused("UnsupportedOperationException"):
            call(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    assert not there.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_a_replica_of_a_key_that_rotates_does_not_rotate_by_itself(aws):
    kms, there = aws("kms"), aws("kms", region_name="eu-west-1")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    aws.handle.advance(250 * DAY)
    assert rotations(kms, key) == rotations(there, key) == ["AUTOMATIC", "AUTOMATIC"]
    assert there.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])["Plaintext"] == b"x"


def test_a_policy_of_an_earlier_release_that_cannot_be_read_is_replaced_by_the_default(tmp_path):
    state, params = earlier_release.unpack(tmp_path), {"Description": "unreadable", "Policy": "no JSON"}
    earlier_release.journal(state, earlier_release.request("kms", "TrentService.CreateKey", params))
    aws = RestartableAws(state)
    try:
        kms = aws("kms")
        found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
        [key] = [each["KeyId"] for each in found if each["Description"] == "unreadable"]
        assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Id"] == "key-default-1"
        kms.encrypt(KeyId=key, Plaintext=b"x")
    finally:
        aws.stop()
