"""Functions, their versions, aliases, tags and policies, as documents."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from course.localaws.core.sdk_environment import REGION
from tests.localaws.awslambda.programs import ROLE, create, package
from tests.localaws.boto_clients import boto_session

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


@pytest.fixture
def functions(client):
    return client("lambda")


def test_a_function_is_described_as_on_aws(client, functions):
    made = create(client, "described", ECHO, Environment={"Variables": {"AB": "1"}}, Tags={"team": "x"}, Description="d")
    assert (made["State"], made["StateReasonCode"], "LastUpdateStatus" in made) == ("Pending", "Creating", False)
    functions.get_waiter("function_active_v2").wait(FunctionName="described")
    functions.get_waiter("function_updated_v2").wait(FunctionName="described")
    found = functions.get_function(FunctionName="described")
    assert (found["Tags"], found["Code"]["RepositoryType"]) == ({"team": "x"}, "S3")
    shown = found["Configuration"]
    code = package(ECHO)
    assert shown | {"LastModified": "", "RevisionId": ""} == {
        "FunctionName": "described",
        "FunctionArn": f"{ARN}described",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(code),
        "CodeSha256": base64.b64encode(hashlib.sha256(code).digest()).decode(),
        "Description": "d",
        "Timeout": 60,
        "MemorySize": 128,
        "LastModified": "",
        "RevisionId": "",
        "Version": "$LATEST",
        "Environment": {"Variables": {"AB": "1"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/described"},
    }
    by_arn = functions.get_function_configuration(FunctionName=f"{ARN}described")
    assert by_arn["RevisionId"] == shown["RevisionId"]


def test_updates_change_code_configuration_and_revision(client, functions):
    first = create(client, "updated", ECHO)
    second = functions.update_function_configuration(FunctionName="updated", Timeout=5, MemorySize=256, Environment={})
    assert (second["LastUpdateStatus"], second["Timeout"], second["MemorySize"]) == ("InProgress", 5, 256)
    assert second["RevisionId"] != first["RevisionId"]
    third = functions.update_function_code(FunctionName="updated", ZipFile=package("x = 1\n"))
    assert third["CodeSha256"] != first["CodeSha256"]
    with pytest.raises(ClientError) as caught:
        functions.update_function_configuration(FunctionName="updated", Timeout=6, RevisionId=first["RevisionId"])
    assert caught.value.response["Error"]["Code"] == "PreconditionFailedException"
    assert functions.get_function_configuration(FunctionName="updated")["Timeout"] == 5


def test_a_package_comes_from_s3(client, functions, refused):
    client("s3").create_bucket(Bucket="packages")
    client("s3").put_object(Bucket="packages", Key="code", Body=package(ECHO))
    made = create(client, "from-s3", "", Code={"S3Bucket": "packages", "S3Key": "code"})
    assert made["CodeSize"] == len(package(ECHO))
    with refused("InvalidParameterValueException") as error:
        functions.update_function_code(FunctionName="from-s3", S3Bucket="packages", S3Key="missing")
    assert str(error.value).endswith(
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )


def test_functions_are_listed_in_pages(client, functions):
    for name in ("listed-1", "listed-2", "listed-3"):
        create(client, name, ECHO)
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    assert names == sorted(names)
    assert {"listed-1", "listed-2", "listed-3"} <= set(names)
    assert "State" not in functions.list_functions()["Functions"][0]


def test_a_deleted_function_is_gone(client, functions, refused):
    create(client, "deleted", ECHO)
    functions.delete_function(FunctionName="deleted")
    with refused("ResourceNotFoundException", 404) as error:
        functions.get_function(FunctionName="deleted")
    assert str(error.value).endswith(f"Function not found: {ARN}deleted")


def test_a_connection_goes_on_after_a_response_without_content(client, local_aws):
    create(client, "connected", ECHO)
    path, address = "/2015-03-31/functions/connected", urlsplit(local_aws.endpoint)
    sent = ""
    for method, connection in (("DELETE", "keep-alive"), ("GET", "close")):
        request = AWSRequest(method, local_aws.endpoint + path)
        SigV4Auth(boto_session(local_aws).get_credentials(), "lambda", REGION).add_auth(request)
        headers = {"Host": address.netloc, "Connection": connection, **request.headers}
        sent += f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=60) as kept:
        kept.sendall(sent.encode())  # both at once
        received = b"".join(iter(lambda: kept.recv(1 << 16), b""))
    first, _, second = received.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 204 ")
    assert second.startswith(b"HTTP/1.1 404 ") and b"Function not found" in second


def test_a_version_keeps_code_and_configuration(client, functions):
    create(client, "versioned", ECHO)
    first = functions.publish_version(FunctionName="versioned", Description="one")
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", f"{ARN}versioned:1", "one")
    assert functions.publish_version(FunctionName="versioned")["Version"] == "1"  # nothing has changed
    functions.update_function_configuration(FunctionName="versioned", Timeout=9)
    assert functions.update_function_code(FunctionName="versioned", ZipFile=package("y = 1\n"), Publish=True)["Version"] == "2"
    listed = functions.list_versions_by_function(FunctionName="versioned")["Versions"]
    assert [(version["Version"], version["Timeout"]) for version in listed] == [("$LATEST", 9), ("1", 60), ("2", 9)]
    functions.delete_function(FunctionName="versioned", Qualifier="1")
    assert len(functions.list_versions_by_function(FunctionName="versioned")["Versions"]) == 2


def test_an_alias_names_versions(client, functions, refused):
    create(client, "aliased", ECHO, Publish=True)
    functions.update_function_configuration(FunctionName="aliased", Timeout=9)
    functions.publish_version(FunctionName="aliased")
    alias = functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    assert alias["AliasArn"] == f"{ARN}aliased:live"
    assert functions.get_function_configuration(FunctionName="aliased:live")["Timeout"] == 60
    changed = functions.update_alias(FunctionName="aliased", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert changed["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
    assert [each["Name"] for each in functions.list_aliases(FunctionName="aliased", FunctionVersion="2")["Aliases"]] == ["live"]
    with refused("ResourceConflictException", 409):
        functions.delete_function(FunctionName="aliased", Qualifier="1")
    with refused("ResourceConflictException", 409):
        functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    functions.delete_alias(FunctionName="aliased", Name="live")
    with refused("ResourceNotFoundException", 404):
        functions.get_alias(FunctionName="aliased", Name="live")


def test_tags_are_added_and_removed(client, functions):
    arn = create(client, "tagged", ECHO)["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_a_policy_names_who_may_invoke(client, functions, refused):
    create(client, "shared", ECHO)
    rule = "arn:aws:events:us-east-1:123456789012:rule/r"
    grant = {"FunctionName": "shared", "StatementId": "events", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    with refused("ResourceNotFoundException", 404):
        functions.get_policy(FunctionName="shared")
    answered = json.loads(functions.add_permission(**grant, SourceArn=rule)["Statement"])
    assert answered == {
        "Sid": "events",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"{ARN}shared",
        "Condition": {"ArnLike": {"AWS:SourceArn": rule}},
    }
    assert json.loads(functions.get_policy(FunctionName="shared")["Policy"])["Statement"] == [answered]
    with refused("ResourceConflictException", 409):
        functions.add_permission(**grant)
    functions.remove_permission(FunctionName="shared", StatementId="events")
    with refused("ResourceNotFoundException", 404):
        functions.remove_permission(FunctionName="shared", StatementId="events")


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({"Role": "arn:aws:iam::123456789012:role/SageMakerRole"}, "InvalidParameterValueException", "cannot be assumed by Lambda"),
        ({"Role": "arn:aws:iam::123456789012:role/Nobody"}, "InvalidParameterValueException", "cannot be assumed by Lambda"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file"),
        ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"MemorySize": 10241}, "ValidationException", "less than or equal to 10240"),
        ({"Runtime": "python3.7"}, "InvalidParameterValueException", "python3.7 is no longer supported"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "InvalidParameterValueException",
            "keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"AB": "x" * 5000}}}, "InvalidParameterValueException", "exceeded the 4KB limit"),
        ({"name": "n" * 65}, "InvalidParameterValueException", "less than or equal to 64"),
        ({"Runtime": "nodejs22.x"}, "NotSupportedByLocalAws", "nodejs22.x"),
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "NotSupportedByLocalAws", "PackageType Image"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]}, "NotSupportedByLocalAws", "Layers"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}, "NotSupportedByLocalAws", "VpcConfig"),
        ({"TracingConfig": {"Mode": "Active"}}, "NotSupportedByLocalAws", "TracingConfig"),
    ],
)
def test_what_is_not_valid_or_not_supported_makes_no_function(client, functions, options, code, text):
    with pytest.raises(ClientError) as caught:
        create(client, **{"name": "never", "code": ECHO} | options)
    assert caught.value.response["Error"]["Code"] == code
    assert text in caught.value.response["Error"]["Message"]
    assert "never" not in str(functions.list_functions())


def test_sdks_may_send_empty_options(client):
    create(client, "empty-options", ECHO, VpcConfig={}, Environment={}, Layers=[], DeadLetterConfig={}, SnapStart={"ApplyOn": "None"})


def test_a_second_function_of_the_name_is_a_conflict(client, refused):
    create(client, "twice", ECHO)
    with refused("ResourceConflictException", 409) as error:
        create(client, "twice", ECHO)
    assert str(error.value).endswith("Function already exist: twice")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("create_event_source_mapping", {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:q"}),
        ("invoke_async", {"FunctionName": "f", "InvokeArgs": b"{}"}),
        ("publish_layer_version", {"LayerName": "l", "Content": {"ZipFile": b"x"}}),
        ("create_function_url_config", {"FunctionName": "f", "AuthType": "NONE"}),
        ("put_function_concurrency", {"FunctionName": "f", "ReservedConcurrentExecutions": 1}),
        ("get_account_settings", {}),
    ],
)
def test_other_operations_are_refused_by_name(functions, refused, operation, parameters):
    with refused("NotSupportedByLocalAws") as error:
        getattr(functions, operation)(**parameters)
    assert functions.meta.method_to_api_mapping[operation] in str(error.value)
