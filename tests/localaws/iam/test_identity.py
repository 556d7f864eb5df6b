"""Access keys, principals and the policy simulator: with boto3, over HTTP."""

from __future__ import annotations

import json
import sqlite3

import pytest
from botocore.exceptions import ClientError

from course.localaws.core.call import RoleSession
from course.localaws.core.clock import Clock
from course.localaws.iam.identity import Identity
from tests.localaws.iam.callers import document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("identity") / "state")
    yield aws
    aws.stop()


def code_of(call, *args, **kwargs) -> str:
    return refused(call, *args, **kwargs)[0]


def allow(action="*", resource="*", **members) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **members}


def trust(**statement) -> str:
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", **statement})


def user_with_key(aws, name) -> dict:
    """Creates an IAM user. Returns its access key as arguments of `aws`."""
    aws("iam").create_user(UserName=name)
    aws("iam").put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=document(allow("sts:*")))
    key = aws("iam").create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def session_of(answer) -> dict:
    credentials = answer["Credentials"]
    return {"access_key": credentials["AccessKeyId"], "secret": credentials["SecretAccessKey"], "token": credentials["SessionToken"]}


# Keys and principals


def test_the_learner_is_an_administrator_and_jobs_have_a_role_of_their_own(aws):
    identity = aws("sts").get_caller_identity()
    administrator, role = (aws("iam").get_role(RoleName=name)["Role"] for name in ("Administrator", "SageMakerRole"))
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/learner"
    assert identity["Account"] == ACCOUNT
    assert identity["UserId"] == f"{administrator['RoleId']}:learner"
    attached = aws("iam").list_attached_role_policies(RoleName="Administrator")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == ["arn:aws:iam::aws:policy/AdministratorAccess"]
    assert role["Arn"] == ROLE
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    attached = aws("iam").list_attached_role_policies(RoleName="SageMakerRole")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]


@pytest.mark.nightly  # restarts a local AWS
def test_a_learner_of_an_earlier_release_becomes_an_administrator(tmp_path):
    """Then the learner was a session of SageMakerRole, and there was no Administrator."""
    aws = RestartableAws(tmp_path)
    assert {"Administrator", "SageMakerRole"} <= {role["RoleName"] for role in aws("iam").list_roles()["Roles"]}
    aws.stop()
    with sqlite3.connect(tmp_path / "journal.db") as journal:
        assert journal.execute("DELETE FROM entries WHERE CAST(body AS TEXT) LIKE '%RoleName=Administrator%'").rowcount == 2
    keys = json.loads((tmp_path / "keys.json").read_text())
    old = f"arn:aws:sts::{ACCOUNT}:assumed-role/SageMakerRole/learner"
    (tmp_path / "keys.json").write_text(json.dumps(keys | {"arn": old}))
    aws = RestartableAws(tmp_path)
    try:
        assert aws("sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/learner"
        key = user_with_key(aws, "boss")  # who keeps the rights that the learner loses
        aws("iam").attach_user_policy(UserName="boss", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        aws("iam", **key).detach_role_policy(RoleName="Administrator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        aws("iam", **key).delete_role(RoleName="Administrator")
        aws.restart()
        assert code_of(aws("iam", **key).get_role, RoleName="Administrator") == "NoSuchEntity"  # who deleted it does not get it back
    finally:
        aws.stop()


def test_a_user_signs_with_their_key_until_it_is_inactive_or_gone(aws):
    key = user_with_key(aws, "ann")
    assert aws("sts", **key).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    aws.restart()
    assert aws("sts", **key).get_caller_identity()["UserId"] == aws("iam").get_user(UserName="ann")["User"]["UserId"]
    assert code_of(aws("iam", **key).get_user) == "AccessDenied"
    assert code_of(aws("sts", key["access_key"], "wrong").get_caller_identity) == "SignatureDoesNotMatch"
    aws("iam").update_access_key(UserName="ann", AccessKeyId=key["access_key"], Status="Inactive")
    assert code_of(aws("sts", **key).get_caller_identity) == "InvalidClientTokenId"
    aws("iam").update_access_key(UserName="ann", AccessKeyId=key["access_key"], Status="Active")
    assert aws("sts", **key).get_caller_identity()["Arn"].endswith("user/ann")
    aws("iam").delete_access_key(UserName="ann", AccessKeyId=key["access_key"])
    assert code_of(aws("sts", **key).get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.nightly  # restarts a local AWS
def test_a_restart_keeps_boundaries_and_brings_no_deleted_role_back(aws):
    aws("iam").create_role(RoleName="brief", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))
    aws("iam").delete_role(RoleName="brief")
    aws("iam").create_user(UserName="kept", PermissionsBoundary=READ_ONLY)
    aws.restart()
    assert aws("iam").get_user(UserName="kept")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    assert code_of(aws("iam").get_role, RoleName="brief") == "NoSuchEntity"


# AssumeRole


def test_an_assumed_role_signs_survives_a_restart_and_expires(aws):
    key = user_with_key(aws, "bob")
    role = aws("iam").create_role(RoleName="analyst", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))["Role"]
    answer = aws("sts", **key).assume_role(RoleArn=role["Arn"], RoleSessionName="bob", DurationSeconds=900)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:bob",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/bob",
    }
    session = session_of(answer)
    aws.restart()
    identity = aws("sts", **session).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (answer["AssumedRoleUser"]["Arn"], answer["AssumedRoleUser"]["AssumedRoleId"])
    assert code_of(aws("sts", **{**session, "token": "other"}).get_caller_identity) == "InvalidClientTokenId"
    aws.handle.advance(901)
    assert code_of(aws("sts", **session).get_caller_identity) == "ExpiredToken"
    assert code_of(aws("dynamodb", **session).list_tables) == "ExpiredTokenException"


@pytest.mark.parametrize(
    ("principal", "condition", "external", "allowed"),
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {}, None, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/carol"}, {}, None, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/dave"}, {}, None, False),
        ({"AWS": "210987654321"}, {}, None, False),
        ({"Service": "sagemaker.amazonaws.com"}, {}, None, False),
        ({"AWS": ACCOUNT}, {"StringEquals": {"sts:ExternalId": "xy"}}, "xy", True),
        ({"AWS": ACCOUNT}, {"StringEquals": {"sts:ExternalId": "xy"}}, None, False),
        ({"AWS": ACCOUNT}, {"StringLike": {"sts:RoleSessionName": "${aws:username}-*"}}, None, True),
        ({"AWS": ACCOUNT}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, None, False),
        ({"AWS": ACCOUNT}, {"StringEquals": {"aws:PrincipalTag/team": "risk"}}, None, True),
        ({"AWS": ACCOUNT}, {"StringNotEquals": {"aws:SomethingNew": "x"}}, None, False),  # cannot be evaluated: does not count as satisfied
    ],
)
def test_the_trust_policy_decides_who_may_assume_a_role(aws, request, principal, condition, external, allowed):
    key = request.getfixturevalue("carol")
    role = f"trusting-{request.node.callspec.indices['principal']}"
    statement = {"Principal": principal, **({"Condition": condition} if condition else {})}
    aws("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust(**statement))
    options = {"ExternalId": external} if external else {}
    assume = aws("sts", **key).assume_role
    arguments = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "RoleSessionName": "carol-1", **options}
    if allowed:
        assert assume(**arguments)["AssumedRoleUser"]["Arn"].endswith(f"/{role}/carol-1")
    else:
        assert code_of(assume, **arguments) == "AccessDenied"


@pytest.fixture(scope="module")
def carol(aws) -> dict:
    key = user_with_key(aws, "carol")
    aws("iam").tag_user(UserName="carol", Tags=[{"Key": "team", "Value": "risk"}])
    return key


def test_a_caller_needs_its_own_policys_allow_where_the_account_is_trusted(aws):
    aws("iam").create_user(UserName="fred")
    key = aws("iam").create_access_key(UserName="fred")["AccessKey"]
    fred = aws("sts", key["AccessKeyId"], key["SecretAccessKey"])
    named = f"arn:aws:iam::{ACCOUNT}:user/fred"
    for role, principal in (("trusts-account", ACCOUNT), ("trusts-fred", named)):
        aws("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust(Principal={"AWS": principal}))
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/trusts-account", "RoleSessionName": "ss"}
    assert code_of(fred.assume_role, **role) == "AccessDenied"
    fred.assume_role(**role | {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/trusts-fred"})
    aws("iam").put_user_policy(UserName="fred", PolicyName="one", PolicyDocument=document(allow("sts:AssumeRole", role["RoleArn"])))
    fred.assume_role(**role)
    keys = aws.handle.issue(f"arn:aws:iam::{ACCOUNT}:root")
    root = aws("sts", keys.principal.access_key, keys.secret, keys.token)
    with pytest.raises(ClientError, match="Roles may not be assumed by root accounts"):
        root.assume_role(**role)


def test_assume_role_is_refused_in_awss_words(aws, carol):
    sts = aws("sts", **carol)
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole on resource: .*role/nowhere") as raised:
        sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nowhere", RoleSessionName="ss")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert code_of(sts.assume_role, RoleArn="arn:aws:iam::1:role/short-account", RoleSessionName="ss") == "ValidationError"
    aws("iam").create_role(RoleName="hour", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))
    hour = f"arn:aws:iam::{ACCOUNT}:role/hour"
    assert code_of(sts.assume_role, RoleArn=hour, RoleSessionName="s s") == "ValidationError"
    assert code_of(sts.assume_role, RoleArn=hour, RoleSessionName="ss", DurationSeconds=3601) == "ValidationError"
    # Multi-factor authentication is not checked here, so it must be refused, not silently dropped.
    device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/carol", "TokenCode": "123456"}
    assert code_of(sts.assume_role, RoleArn=hour, RoleSessionName="ss", **device) == "NotSupportedByLocalAws"


READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_session_policies_that_cannot_be_ones_are_refused(aws, carol):
    assume = aws("sts", **carol).assume_role
    aws("iam").create_role(RoleName="limited", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/limited", "RoleSessionName": "ss"}
    assert "PackedPolicySize" not in assume(**role)
    assert 0 < assume(**role, Policy=document(allow()))["PackedPolicySize"] < 10
    assert code_of(assume, **role, Policy="{}") == "MalformedPolicyDocument"
    assert code_of(assume, **role, Policy=document(allow(Principal="*"))) == "MalformedPolicyDocument"
    assert code_of(assume, **role, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/absent"}]) == "NoSuchEntity"
    assert code_of(assume, **role, PolicyArns=[{"arn": READ_ONLY}] * 11) == "ValidationError"
    many = document(*[allow(Sid=f"s{number}") for number in range(40)])
    assert code_of(assume, **role, Policy=many) == "PackedPolicyTooLarge"


TAGGING = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}


def tags(**values) -> list[dict]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_session_tags_and_source_identity(aws, carol):
    """They are condition keys of the session's calls, and trust policies must allow to set them."""
    iam, names = aws("iam"), ("plain", "tagging", "next")
    role = {name: {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleSessionName": "ss"} for name in names}
    iam.create_role(RoleName="plain", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))
    for_risk = {**TAGGING, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "risk"}}}
    for name, statement in (("tagging", TAGGING), ("next", for_risk)):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement), Tags=tags(team="none"))
        iam.put_role_policy(RoleName=name, PolicyName="assume", PolicyDocument=document(allow("sts:*")))
    sts = aws("sts", **carol)
    with pytest.raises(ClientError, match="is not authorized to perform: sts:TagSession on resource"):
        sts.assume_role(**role["plain"], Tags=tags(team="risk"))
    with pytest.raises(ClientError, match="is not authorized to perform: sts:SetSourceIdentity on resource"):
        sts.assume_role(**role["plain"], SourceIdentity="carol")
    answer = sts.assume_role(**role["tagging"], Tags=tags(team="risk", cost="7"), TransitiveTagKeys=["Team"], SourceIdentity="carol")
    assert answer["SourceIdentity"] == "carol" and answer["PackedPolicySize"] >= 1
    first = aws("sts", **session_of(answer))
    # The session's tag overrides that of its role. The next session keeps the transitive tag and the source identity.
    second = aws("sts", **session_of(first.assume_role(**role["next"])))
    assert second.assume_role(**role["next"])["SourceIdentity"] == "carol"
    assert code_of(first.assume_role, **role["next"], SourceIdentity="dave") == "AccessDenied"
    assert code_of(first.assume_role, **role["next"], Tags=tags(Team="other")) == "InvalidParameterValue"
    assert code_of(first.assume_role, **role["plain"]) == "AccessDenied"  # it keeps a tag, and `plain` allows no tags
    untagged = aws("sts", **session_of(sts.assume_role(**role["tagging"])))
    assert code_of(untagged.assume_role, **role["next"]) == "AccessDenied"


def test_session_tags_that_cannot_be_ones_are_refused(aws, carol):
    aws("iam").create_role(RoleName="taggable", AssumeRolePolicyDocument=document(TAGGING))
    assume = aws("sts", **carol).assume_role
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/taggable", "RoleSessionName": "ss"}
    assert code_of(assume, **role, Tags=tags(a="1", A="2")) == "InvalidParameterValue"
    assert code_of(assume, **role, Tags=tags(a="1"), TransitiveTagKeys=["b"]) == "InvalidParameterValue"
    assert code_of(assume, **role, Tags=tags(**{"aws:a": "1"})) == "ValidationError"
    assert code_of(assume, **role, Tags=tags(a="x" * 257)) == "ValidationError"
    assert code_of(assume, **role, Tags=tags(**{f"k{number}": "1" for number in range(51)})) == "ValidationError"
    assert code_of(assume, **role, SourceIdentity="a b") == "ValidationError"


def test_keys_of_an_earlier_release_remain_valid(tmp_path):
    """Its database has no column for the settings of sessions."""
    with sqlite3.connect(tmp_path / "identity.db") as database:
        database.execute(
            "CREATE TABLE credentials (access_key TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL, arn TEXT NOT NULL, "
            "expires REAL)"
        )
        database.execute("INSERT INTO credentials VALUES ('ASIAOLD', 'secret', 'token', 'arn:aws:sts::1:assumed-role/r/s', NULL)")
    settings = RoleSession("{}", (READ_ONLY,), (("team", "risk"),), ("team",), "ann")
    for _ in range(2):  # the second start finds the column
        identity = Identity(tmp_path, ACCOUNT, Clock())
        old = identity.secret("ASIAOLD")
        assert (old.secret, old.principal.session) == ("secret", None)
        new = identity.issue("r", settings=settings).principal
        identity.close()
    again = Identity(tmp_path, ACCOUNT, Clock())
    assert again.secret(new.access_key).principal == new and new.session == settings
    again.close()


def test_a_session_token_is_for_users(aws, carol):
    session = session_of(aws("sts", **carol).get_session_token())
    assert aws("sts", **session).get_caller_identity()["Arn"].endswith("user/carol")
    assert code_of(aws("sts").get_session_token) == "AccessDenied"


def test_a_malformed_trust_policy_is_refused(aws):
    for text in ("{", document(allow()), trust(Principal={"AWS": ACCOUNT}, Condition={"StringIs": {"a": "b"}})):
        assert code_of(aws("iam").create_role, RoleName="broken", AssumeRolePolicyDocument=text) == "MalformedPolicyDocument"


def test_a_users_permissions_boundary(aws):
    iam, absent = aws("iam"), f"arn:aws:iam::{ACCOUNT}:policy/absent"
    assert code_of(iam.create_user, UserName="bounded", PermissionsBoundary=absent) == "NoSuchEntity"
    assert code_of(iam.get_user, UserName="bounded") == "NoSuchEntity"  # nothing was created
    created = iam.create_user(UserName="bounded", PermissionsBoundary=READ_ONLY)["User"]
    shown = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": READ_ONLY}
    assert created["PermissionsBoundary"] == iam.get_user(UserName="bounded")["User"]["PermissionsBoundary"] == shown
    iam.put_user_policy(UserName="bounded", PolicyName="all", PolicyDocument=document(allow()))
    asked = created["Arn"], "s3:GetObject", "s3:PutObject"
    assert simulate(aws, *asked) == {"s3:GetObject": "allowed", "s3:PutObject": "implicitDeny"}
    assert code_of(iam.put_user_permissions_boundary, UserName="bounded", PermissionsBoundary=absent) == "NoSuchEntity"
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=everything)
    assert simulate(aws, *asked) == {"s3:GetObject": "allowed", "s3:PutObject": "allowed"}
    iam.delete_user_permissions_boundary(UserName="bounded")
    assert "PermissionsBoundary" not in iam.get_user(UserName="bounded")["User"]
    assert code_of(iam.put_user_permissions_boundary, UserName="absent", PermissionsBoundary=everything) == "NoSuchEntity"


# The simulator


def simulate(aws, source, *actions, **options) -> dict[str, str]:
    pages = aws("iam").get_paginator("simulate_principal_policy").paginate(PolicySourceArn=source, ActionNames=list(actions), **options)
    return {result["EvalActionName"]: result["EvalDecision"] for page in pages for result in page["EvaluationResults"]}


def test_attached_inline_and_group_policies_and_a_deny_among_them(aws):
    iam = aws("iam")
    iam.create_user(UserName="erin")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="erin")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.put_user_policy(UserName="erin", PolicyName="train", PolicyDocument=document(allow("sagemaker:CreateTrainingJob")))
    managed = iam.create_policy(PolicyName="no-get", PolicyDocument=document({**allow("s3:GetObject"), "Effect": "Deny"}))["Policy"]["Arn"]
    erin = f"arn:aws:iam::{ACCOUNT}:user/erin"
    asked = ("s3:GetObject", "s3:ListBucket", "s3:PutObject", "sagemaker:CreateTrainingJob")
    assert list(simulate(aws, erin, *asked).values()) == ["allowed", "allowed", "implicitDeny", "allowed"]
    iam.attach_user_policy(UserName="erin", PolicyArn=managed)
    assert list(simulate(aws, erin, *asked).values()) == ["explicitDeny", "allowed", "implicitDeny", "allowed"]
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=document(allow("s3:PutObject")), SetAsDefault=True)
    assert list(simulate(aws, erin, *asked).values()) == ["allowed", "allowed", "allowed", "allowed"]
    group = f"arn:aws:iam::{ACCOUNT}:group/readers"
    assert list(simulate(aws, group, *asked).values()) == ["allowed", "allowed", "implicitDeny", "implicitDeny"]


def test_a_permissions_boundary_limits_a_role(aws):
    iam = aws("iam")
    boundary = iam.create_policy(PolicyName="only-s3", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}), PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="bounded", PolicyName="all", PolicyDocument=document(allow()))
    role = f"arn:aws:iam::{ACCOUNT}:role/bounded"
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject", "sqs:SendMessage"])
    assert [
        (result["EvalDecision"], result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"])
        for result in answer["EvaluationResults"]
    ] == [("allowed", True), ("implicitDeny", False)]


def test_an_answer_has_awss_shape(aws):
    iam = aws("iam")
    iam.create_role(RoleName="shaped", AssumeRolePolicyDocument=trust(Principal={"AWS": ACCOUNT}))
    text = document(
        allow("s3:GetObject", "arn:aws:s3:::data/*"),
        allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
    )
    iam.put_role_policy(RoleName="shaped", PolicyName="inline", PolicyDocument=text)
    role = f"arn:aws:iam::{ACCOUNT}:role/shaped"
    data, other = "arn:aws:s3:::data/a", "arn:aws:s3:::other/a"
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject"], ResourceArns=[data, other])
    statement = {
        "SourcePolicyId": "role_shaped_inline",
        "SourcePolicyType": "IAM Policy",
        "StartPosition": {"Line": 1, "Column": text.index("[") + 2},
        "EndPosition": {"Line": 1, "Column": text.index("}") + 2},
    }
    assert answer["IsTruncated"] is False
    assert answer["EvaluationResults"] == [
        {
            "EvalActionName": "s3:GetObject",
            "EvalResourceName": "*",
            "EvalDecision": "implicitDeny",
            "MatchedStatements": [statement],
            "MissingContextValues": [],
            "EvalDecisionDetails": {},
            "ResourceSpecificResults": [
                {"EvalResourceName": data, "EvalResourceDecision": "allowed", "MatchedStatements": [statement], "MissingContextValues": []},
                {"EvalResourceName": other, "EvalResourceDecision": "implicitDeny", "MatchedStatements": [], "MissingContextValues": []},
            ],
        }
    ]
    missing = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["iam:PassRole"])["EvaluationResults"]
    assert missing == [
        {
            "EvalActionName": "iam:PassRole",
            "EvalResourceName": "*",
            "EvalDecision": "implicitDeny",
            "MatchedStatements": [],
            "MissingContextValues": ["iam:PassedToService"],
        }
    ]
    given = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": ["sagemaker.amazonaws.com"], "ContextKeyType": "string"}
    assert simulate(aws, role, "iam:PassRole", ContextEntries=[given]) == {"iam:PassRole": "allowed"}


def test_long_answers_come_in_pages(aws):
    actions = [f"s3:Action{number}" for number in range(7)]
    pages = list(
        aws("iam")
        .get_paginator("simulate_custom_policy")
        .paginate(PolicyInputList=[document(allow("s3:*"))], ActionNames=actions, PaginationConfig={"PageSize": 3})
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [3, 3, 1]
    assert [result["EvalActionName"] for page in pages for result in page["EvaluationResults"]] == actions


def test_custom_policies_their_boundary_and_a_resource_policy(aws):
    iam = aws("iam")
    arguments = {"ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::data/a"]}

    def decide(**options) -> str:
        return iam.simulate_custom_policy(**arguments, **options)["EvaluationResults"][0]["EvalDecision"]

    everything, nothing = document(allow()), document(allow("sqs:*"))
    caller = f"arn:aws:iam::{ACCOUNT}:user/erin"
    granting = document({"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"})
    assert decide(PolicyInputList=[nothing, everything]) == "allowed"
    assert decide(PolicyInputList=[everything], PermissionsBoundaryPolicyInputList=[nothing]) == "implicitDeny"
    assert decide(PolicyInputList=[nothing], ResourcePolicy=granting, CallerArn=caller) == "allowed"
    assert decide(PolicyInputList=[nothing], ResourcePolicy=granting, CallerArn=f"{caller}2") == "implicitDeny"
    # Neither a user who is named nor everybody needs a boundary's allow; naming the account leaves it to the user's own policies.
    bounded = {"PermissionsBoundaryPolicyInputList": [nothing], "CallerArn": caller, "PolicyInputList": [nothing]}
    assert decide(ResourcePolicy=granting, **bounded) == "allowed"
    assert decide(ResourcePolicy=granting.replace(caller, "*"), **bounded) == "allowed"
    assert decide(ResourcePolicy=granting.replace(caller, ACCOUNT), CallerArn=caller, PolicyInputList=[nothing]) == "implicitDeny"
    assert decide(ResourcePolicy=granting.replace(caller, ACCOUNT), CallerArn=caller, PolicyInputList=[everything]) == "allowed"
    matched = iam.simulate_custom_policy(PolicyInputList=[nothing, everything], **arguments)["EvaluationResults"][0]["MatchedStatements"]
    assert [statement["SourcePolicyId"] for statement in matched] == ["PolicyInputList.2"]


def test_what_cannot_be_simulated_is_refused(aws):
    iam = aws("iam")
    custom = iam.simulate_custom_policy
    role = {"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:role/absent", "ActionNames": ["s3:GetObject"]}
    assert code_of(iam.simulate_principal_policy, **role) == "NoSuchEntity"
    assert (
        code_of(iam.simulate_principal_policy, **{**role, "PolicySourceArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}) == "InvalidInput"
    )
    assert code_of(custom, PolicyInputList=["{}"], ActionNames=["s3:GetObject"]) == "InvalidInput"
    assert code_of(custom, PolicyInputList=[document(allow())], ActionNames=["s3:Get*"]) == "InvalidInput"
    condition = document(allow(Condition={"NumericLessThan": {"s3:max-keys": "10"}}))
    entry = {"ContextKeyName": "s3:max-keys", "ContextKeyValues": ["ten"], "ContextKeyType": "string"}
    assert code_of(custom, PolicyInputList=[condition], ActionNames=["s3:GetObject"], ContextEntries=[entry]) == "PolicyEvaluation"
