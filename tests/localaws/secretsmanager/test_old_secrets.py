"""The secrets of a state folder of an earlier release, in which moto kept them, are taken over and then encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localaws.moto import earlier_release
from tests.localaws.moto.restartable_aws import RestartableAws

TOKENS = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"]
REQUESTS = [
    ("CreateSecret", {"Name": "old/text", "SecretString": "first", "ClientRequestToken": TOKENS[0], "Tags": [{"Key": "a", "Value": "b"}]}),
    ("PutSecretValue", {"SecretId": "old/text", "SecretString": "second", "ClientRequestToken": TOKENS[1]}),
    ("PutResourcePolicy", {"SecretId": "old/text", "ResourcePolicy": '{"Version": "2012-10-17", "Statement": []}'}),
    ("CreateSecret", {"Name": "old/binary", "SecretBinary": "AP8=", "KmsKeyId": "alias/gone", "ClientRequestToken": TOKENS[0]}),
    ("CreateSecret", {"Name": "old/deleted", "SecretString": "x", "ClientRequestToken": TOKENS[0]}),
    ("DeleteSecret", {"SecretId": "old/deleted", "RecoveryWindowInDays": 30}),
]


def opened(tmp_path: Path, requests: list[tuple[str, dict]]) -> RestartableAws:
    """The archived state of an earlier release, with requests in its journal."""
    state, service = earlier_release.unpack(tmp_path), "secretsmanager"
    earlier_release.journal(state, *(earlier_release.request(service, f"{service}.{operation}", params) for operation, params in requests))
    return RestartableAws(state)


@pytest.fixture
def old(tmp_path):
    made = opened(tmp_path, REQUESTS)
    yield made
    made.stop()


def test_secrets_of_an_earlier_release_are_there(old):
    for _ in range(2):  # also after a restart, which takes nothing over
        secrets = old("secretsmanager")
        assert secrets.get_secret_value(SecretId="old/text")["SecretString"] == "second"
        assert secrets.get_secret_value(SecretId="old/text", VersionStage="AWSPREVIOUS")["VersionId"] == TOKENS[0]
        assert secrets.get_secret_value(SecretId="old/binary")["SecretBinary"] == b"\x00\xff"
        found = secrets.describe_secret(SecretId="old/text")
        assert found["Tags"] == [{"Key": "a", "Value": "b"}]
        assert "ResourcePolicy" in secrets.get_resource_policy(SecretId="old/text")
        assert {each["Name"] for each in secrets.list_secrets()["SecretList"]} == {"old/text", "old/binary"}
        old.restart()
    secrets = old("secretsmanager")
    secrets.restore_secret(SecretId="old/deleted")
    assert secrets.get_secret_value(SecretId="old/deleted")["SecretString"] == "x"
    assert b"second" not in (old.state / "secrets.db").read_bytes()


def test_a_policy_that_cannot_be_read_is_left_out(tmp_path):
    requests = [
        ("CreateSecret", {"Name": "old/policy", "SecretString": "x", "ClientRequestToken": TOKENS[0]}),
        ("PutResourcePolicy", {"SecretId": "old/policy", "ResourcePolicy": "no JSON"}),
    ]
    aws = opened(tmp_path, requests)
    try:
        secrets = aws("secretsmanager")
        assert secrets.get_secret_value(SecretId="old/policy")["SecretString"] == "x"
        assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="old/policy")
    finally:
        aws.stop()
