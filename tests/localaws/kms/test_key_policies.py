"""Who may use a key: key policies, policies of IAM where the key policy names the account, grants, and condition keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from course.localaws.kms import permissions
from course.localaws.protocol.model import service_model
from tests.localaws.kms.conftest import ACCOUNT, OF_ACCOUNT, allow, policy

EVERYTHING = allow("kms:*")


def key_with(kms, *statements: dict) -> str:
    made = kms.create_key(Policy=policy(OF_ACCOUNT), BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    kms.put_key_policy(KeyId=made, Policy=policy(*statements), BypassPolicyLockoutSafetyCheck=True)
    return made


def may_encrypt(who, key: str, **parameters) -> bool:
    try:
        who("kms").encrypt(KeyId=key, Plaintext=b"x", **parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
        return False
    return True


def test_the_default_policy_leaves_it_to_iam(user, key):
    ada = user()
    assert not may_encrypt(ada, key)
    ada.may(allow("kms:Encrypt", key))
    assert may_encrypt(ada, key)
    ada.may(allow("kms:Encrypt", key.replace("key/", "key/0")))
    assert not may_encrypt(ada, key)


def test_without_the_account_in_the_key_policy_iam_gives_nothing(kms, user):
    ada, eve = user(EVERYTHING), user(EVERYTHING)
    key = key_with(kms, allow("kms:*", Principal={"AWS": ada.arn}))
    assert may_encrypt(ada, key) and not may_encrypt(eve, key)
    with pytest.raises(ClientError, match="because no resource-based policy allows the kms:Encrypt action"):
        eve("kms").encrypt(KeyId=key, Plaintext=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):  # the administrator is locked out, too
        kms.describe_key(KeyId=key)


def test_a_key_policy_gives_to_a_user_without_a_policy_of_its_own(kms, user):
    ada = user()
    key = key_with(kms, OF_ACCOUNT, allow("kms:Encrypt", Principal={"AWS": ada.arn}))
    assert may_encrypt(ada, key)


def test_a_deny_of_either_side_wins(kms, user):
    deny = {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}
    ada, bob = user(EVERYTHING), user(EVERYTHING, deny)
    key = key_with(kms, OF_ACCOUNT, {**deny, "Principal": {"AWS": ada.arn}}, allow("kms:*", Principal={"AWS": bob.arn}))
    assert not may_encrypt(ada, key) and not may_encrypt(bob, key)
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        ada("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_a_policy_that_locks_its_author_out_is_refused(kms, key, user, refused):
    ada = user()
    with refused("MalformedPolicyDocumentException") as error:
        kms.put_key_policy(KeyId=key, Policy=policy(allow("kms:*", Principal={"AWS": ada.arn})))
    assert "will not allow you to update the key policy in the future" in str(error.value)
    for wrong in ("no JSON", policy(EVERYTHING), policy(allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}))):
        with refused("MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key, Policy=wrong)
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Id"] == "key-default-1"


def test_a_grant_gives_its_operations_under_its_constraints_until_it_is_revoked(kms, key, user, refused):
    ada = user()
    constraints = {"EncryptionContextSubset": {"flight": "1"}}
    made = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=["Encrypt"], Constraints=constraints)
    assert not may_encrypt(ada, key)
    assert may_encrypt(ada, key, EncryptionContext={"flight": "1", "and": "more"})
    assert not may_encrypt(ada, key, EncryptionContext={"flight": "2"})
    with pytest.raises(ClientError, match="AccessDenied"):
        ada("kms").generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"flight": "1"})
    [listed] = kms.list_grants(KeyId=key)["Grants"]
    assert (listed["GrantId"], listed["Constraints"]) == (made["GrantId"], constraints)
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert not may_encrypt(ada, key, EncryptionContext={"flight": "1"})
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])


def test_a_grant_for_one_encryption_context(kms, key, user):
    ada = user()
    kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=["Encrypt"], Constraints={"EncryptionContextEquals": {"flight": "1"}})
    assert may_encrypt(ada, key, EncryptionContext={"flight": "1"})
    assert not may_encrypt(ada, key, EncryptionContext={"flight": "1", "and": "more"})


def test_a_grants_encryption_context_has_a_case(kms, key, user):
    ada = user()
    constraints = {"EncryptionContextSubset": {"Flight": "1", "Day": "${aws:username}"}}
    kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=["Encrypt"], Constraints=constraints)
    assert may_encrypt(ada, key, EncryptionContext={"Flight": "1", "Day": "${aws:username}", "gate": "2"})
    assert not may_encrypt(ada, key, EncryptionContext={"flight": "1", "Day": "${aws:username}"})
    assert not may_encrypt(ada, key, EncryptionContext={"Flight": "1", "Day": ada.arn.rpartition("/")[2]})


def test_a_grant_is_retired_by_its_retiring_principal(kms, key, user):
    ada, bob, eve = user(), user(), user()
    token = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, RetiringPrincipal=bob.arn, Operations=["Encrypt"])["GrantToken"]
    assert [grant["GranteePrincipal"] for grant in kms.list_retirable_grants(RetiringPrincipal=bob.arn)["Grants"]] == [ada.arn]
    for nobody in (ada, eve):
        with pytest.raises(ClientError, match="AccessDenied"):
            nobody("kms").retire_grant(GrantToken=token)
    bob("kms").retire_grant(GrantToken=token)
    assert not may_encrypt(ada, key)


def test_a_grant_must_name_who_and_what(kms, key, refused):
    with refused("InvalidArnException"):
        kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:user/nobody", Operations=["Encrypt"])
    with refused("ValidationException"):
        kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Sign"])
    with refused("InvalidGrantTokenException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=["nothing"])


CONDITIONS = [  # a condition, and the parameters of Encrypt that meet it and that do not
    ({"StringEquals": {"kms:EncryptionContext:team": "ml"}}, {"EncryptionContext": {"team": "ml"}}, {"EncryptionContext": {"team": "hr"}}),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "team"}}, {"EncryptionContext": {"team": "x"}}, {}),
    ({"Null": {"kms:EncryptionContextKeys": "true"}}, {}, {"EncryptionContext": {"team": "x"}}),
    ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, {}),
]


@pytest.mark.parametrize(("condition", "meets", "misses"), CONDITIONS)
def test_conditions_on_the_request(user, key, condition, meets, misses):
    ada = user(allow("kms:Encrypt", Condition=condition))
    assert may_encrypt(ada, key, **meets) and not may_encrypt(ada, key, **misses)


def test_conditions_on_the_key(kms, user):
    tagged = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "ml"}])["KeyMetadata"]["Arn"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/conditions-on-the-key", TargetKeyId=tagged)
    by_tag = user(allow("kms:Encrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "ml"}}))
    by_alias = user(allow("kms:Encrypt", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/conditions-on-the-key"}}))
    by_name = user(allow("kms:Encrypt", Condition={"StringEquals": {"kms:RequestAlias": "alias/conditions-on-the-key"}}))
    assert may_encrypt(by_tag, tagged) and not may_encrypt(by_tag, other)
    assert may_encrypt(by_alias, tagged) and not may_encrypt(by_alias, other)
    assert may_encrypt(by_name, "alias/conditions-on-the-key") and not may_encrypt(by_name, tagged)


def test_conditions_on_a_new_key(user):
    ada = user(
        allow("kms:CreateKey", Condition={"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "aws:RequestTag/team": "ml"}}),
        allow("kms:PutKeyPolicy"),
    )
    ada("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "ml"}])
    for wrong in ({}, {"Tags": [{"TagKey": "team", "TagValue": "hr"}]}):
        with pytest.raises(ClientError, match="AccessDenied"):
            ada("kms").create_key(**wrong)


def test_via_another_service_is_not_from_the_caller_itself(user, key):
    ada = user(allow("kms:Encrypt", Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))
    assert not may_encrypt(ada, key)


def test_an_alias_needs_the_permission_on_the_alias_and_on_its_key(kms, user, key):
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/two-permissions"
    ada = user(allow("kms:CreateAlias", alias))
    for statements in ((allow("kms:CreateAlias", alias),), (allow("kms:CreateAlias", key),)):
        ada.may(*statements)
        with pytest.raises(ClientError, match="AccessDenied"):
            ada("kms").create_alias(AliasName="alias/two-permissions", TargetKeyId=key)
    ada.may(allow("kms:CreateAlias", alias), allow("kms:CreateAlias", key))
    ada("kms").create_alias(AliasName="alias/two-permissions", TargetKeyId=key)


def test_re_encrypt_needs_both_keys(kms, user, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    ada = user(allow("kms:ReEncryptFrom", key))
    with pytest.raises(ClientError, match="kms:ReEncryptTo"):
        ada("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    ada.may(allow("kms:ReEncryptFrom", key), allow("kms:ReEncryptTo", other))
    ada("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)


def test_decrypt_asks_about_the_key_that_the_ciphertext_names(kms, user, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert user(allow("kms:Decrypt", key))("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        user(allow("kms:Decrypt", other))("kms").decrypt(CiphertextBlob=blob)


def test_the_tables_name_operations_and_members_of_the_model():
    model, folder = service_model("kms"), Path(permissions.__file__).parent
    table = yaml.safe_load((folder / "permissions.yaml").read_text())
    assert {*table["without_key"], *table["aliases"]} <= set(model.operation_names)
    known = {member for name in model.operation_names for member in model.operation_model(name).input_shape.members}
    assert set(yaml.safe_load((folder / "condition_keys.yaml").read_text())["members"].values()) <= known


def test_a_grant_gives_no_right_to_retire_another(kms, key, user):
    ada, bob = user(), user()
    of_bob = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, RetiringPrincipal=bob.arn, Operations=["Encrypt"])
    of_ada = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=["Decrypt", "RetireGrant"])
    for who, grant in ((bob, of_ada), (ada, of_bob)):
        for named in ({"GrantToken": grant["GrantToken"]}, {"KeyId": key, "GrantId": grant["GrantId"]}):
            with pytest.raises(ClientError, match="AccessDenied"):
                who("kms").retire_grant(**named)
    bob("kms").retire_grant(KeyId=key, GrantId=of_bob["GrantId"])
    ada("kms").retire_grant(KeyId=key, GrantToken=of_ada["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_the_constraints_of_a_grant_do_not_apply_to_operations_without_an_encryption_context(kms, key, user):
    ada = user()
    operations, constraints = ["Encrypt", "DescribeKey", "RetireGrant"], {"EncryptionContextSubset": {"team": "ml"}}
    grant = kms.create_grant(KeyId=key, GranteePrincipal=ada.arn, Operations=operations, Constraints=constraints)
    with pytest.raises(ClientError, match="AccessDenied"):
        ada("kms").encrypt(KeyId=key, Plaintext=b"x")
    ada("kms").describe_key(KeyId=key)
    ada("kms").retire_grant(KeyId=key, GrantId=grant["GrantId"])
    with pytest.raises(ClientError, match="AccessDenied"):
        ada("kms").describe_key(KeyId=key)


def test_a_grant_token_counts_before_the_key_of_the_request(kms, key, user, refused):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    token = kms.create_grant(KeyId=other, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Encrypt"])["GrantToken"]
    ada = user(allow("kms:RetireGrant", key))
    with pytest.raises(ClientError, match=f"not authorized to perform: kms:RetireGrant on resource: {other}"):
        ada("kms").retire_grant(KeyId=key, GrantToken=token)
    ada.may(allow("kms:RetireGrant", other))
    ada("kms").retire_grant(KeyId=key, GrantToken=token)
    assert kms.list_grants(KeyId=other)["Grants"] == []
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(KeyId=key, GrantToken=token)
