"""Documents of thousands of levels, or millions of parts: each operation refuses them with the error that AWS has for a bad document."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from course.localaws.core import json_text
from course.localaws.core.json_text import DEEPEST, MOST_PARTS, JsonTooDeep

LEVELS = 9_000
LISTS = "[" * LEVELS + "]" * LEVELS
MAPS = '{"a":' * LEVELS + "1" + "}" * LEVELS
CONDITION = "[" * 900 + "]" * 900
POLICY = f'{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {CONDITION}}}}}'
BUCKET = "nested-json"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
QUEUE = {"Arn": "arn:aws:sqs:us-east-1:123456789012:a", "RoleArn": ROLE, "Input": MAPS}
CARD = {"ModelCardContent": LISTS, "ModelCardStatus": "Draft"}
# Service, operation, parameters, error.
REFUSED = [
    ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": LISTS}, "MalformedPolicy"),
    ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": f'{{"Statement":{LISTS}}}'}, "MalformedPolicy"),
    ("iam", "create_policy", {"PolicyName": "nested", "PolicyDocument": POLICY}, "MalformedPolicyDocument"),
    ("events", "put_rule", {"Name": "nested", "EventPattern": '{"a":' * 300 + "[1]" + "}" * 300}, "InvalidEventPatternException"),
    ("events", "test_event_pattern", {"EventPattern": '{"source":["a"]}', "Event": MAPS}, "ValidationException"),
    (
        "scheduler",
        "create_schedule",
        {"Name": "a", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": QUEUE},
        "ValidationException",
    ),
    ("sagemaker", "create_model_package", {"ModelPackageGroupName": "nested", "ModelCard": CARD}, "ValidationException"),
    ("lambda", "invoke", {"FunctionName": "nested", "Payload": LISTS}, "InvalidRequestContentException"),
    # read by moto
    ("cloudwatch", "put_dashboard", {"DashboardName": "nested", "DashboardBody": LISTS}, "ValidationException"),
    ("cloudformation", "create_stack", {"StackName": "nested", "TemplateBody": LISTS}, "ValidationException"),
]


@pytest.fixture(scope="module")
def make(client: Callable) -> Callable[[str], Any]:
    client("s3").create_bucket(Bucket=BUCKET)
    client("sagemaker").create_model_package_group(ModelPackageGroupName="nested")
    return lambda service: client(service, config=Config(parameter_validation=False))


@pytest.mark.parametrize(
    ("service", "operation", "params", "code"), REFUSED, ids=[f"{each[0]}-{each[1]}-{n}" for n, each in enumerate(REFUSED)]
)
def test_a_nested_document_is_malformed(make: Callable, service: str, operation: str, params: dict, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(make(service), operation)(**params)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400), answer["Error"]["Message"][:300]


def test_a_nested_detail_fails_alone(make: Callable) -> None:
    entry = {"Source": "a", "DetailType": "b"}
    answer = make("events").put_events(Entries=[entry | {"Detail": MAPS}, entry | {"Detail": "{}"}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "MalformedDetail"


def test_a_nested_log_event_matches_no_pattern(make: Callable) -> None:
    logs = make("logs")
    logs.create_log_group(logGroupName="nested")
    logs.create_log_stream(logGroupName="nested", logStreamName="a")
    moment = int(time.time() * 1000)
    events = [{"timestamp": moment, "message": MAPS}, {"timestamp": moment + 1, "message": '{"a": 1}'}]
    logs.put_log_events(logGroupName="nested", logStreamName="a", logEvents=events)
    found = logs.filter_log_events(logGroupName="nested", filterPattern="{ $.a = 1 }")["events"]
    assert [event["message"] for event in found] == ['{"a": 1}']


def test_documents_of_too_many_parts_are_refused(make: Callable) -> None:
    with pytest.raises(ClientError, match="SerializationException.*more than 4,000,000 commas and brackets"):
        make("sagemaker").create_model_package(ModelPackageGroupName="nested", ModelPackageDescription="[]," * (MOST_PARTS // 2))
    with pytest.raises(ClientError, match="MalformedXML.*more than 500,000 tags"):
        make("s3").put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "a", "Value": "b"}] * 100_000})


def nested(levels: int, draw: random.Random) -> str:
    """A text with so many levels. Its strings have brackets, too, which do not count."""
    if not levels:
        return "0"
    inner, text = nested(levels - 1, draw), json.dumps("".join(draw.choices('[]{}"\\a,:', k=draw.randrange(9))))
    return f"{{{text}: {inner}}}" if draw.random() < 0.5 else f"[{text}, {inner}]"


@pytest.mark.parametrize("seed", range(20))
def test_levels_are_counted(seed: int) -> None:
    text = nested(DEEPEST, random.Random(seed))
    assert json_text.load(text) == json_text.load(text.encode()) == json.loads(text)
    with pytest.raises(JsonTooDeep):
        json_text.load(nested(DEEPEST + 1, random.Random(seed)))


def test_many_lists_beside_each_other_are_not_deep() -> None:
    assert len(json_text.load(f"[{','.join(['[[]]'] * 1000)}]")) == 1000


@pytest.mark.parametrize("text", ['"[' * 200, "[" * 101 + '"', "]" * 200 + "[" * 101, '{"a": "\\"' + "[" * 200])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        json_text.load(text)
