"""How a request to moto is read before the caller's policies are checked, and requests that two readers would understand in two ways."""

from __future__ import annotations

import json

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from course.localaws.core.credentials import issued
from course.localaws.moto import forms
from course.localaws.protocol.model import service_model

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/x-amz-json-1.0"


@pytest.mark.parametrize(
    ("service", "operation", "form", "expected"),
    [
        (
            "sns",
            "CreateTopic",
            {
                "Name": "n",
                "Tags.member.1.Key": "k",
                "Tags.member.1.Value": "v",
                "Attributes.entry.1.key": "a",
                "Attributes.entry.1.value": "b",
            },
            {"Name": "n", "Tags": [{"Key": "k", "Value": "v"}], "Attributes": {"a": "b"}},
        ),
        (
            "ec2",
            "RunInstances",
            {
                "ImageId": "ami-1",
                "SecurityGroupId.1": "sg-1",
                "TagSpecification.1.ResourceType": "instance",
                "TagSpecification.1.Tag.1.Key": "k",
            },
            {"ImageId": "ami-1", "SecurityGroupIds": ["sg-1"], "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "k"}]}]},
        ),
        (
            "rds",
            "DescribeDBInstances",
            {"Filters.Filter.1.Name": "n", "Filters.Filter.1.Values.Value.1": "v"},
            {"Filters": [{"Name": "n", "Values": ["v"]}]},
        ),
        (
            "sns",
            "Publish",
            {"TopicArn": "t", "Unknown": "x", "MessageAttributes.entry.x.Name": "y"},
            {"TopicArn": "t", "MessageAttributes": {}},
        ),
    ],
)
def test_a_form_is_nested_by_the_model(service, operation, form, expected):
    model = service_model(service)
    protocol = "ec2" if model.metadata["protocol"] == "ec2" else "query"
    assert forms.parameters(model.operation_model(operation).input_shape, form, protocol) == expected


def sent(local_aws, service: str, body: bytes, query: str = "", **headers: str) -> tuple[int, str]:
    """Status, and error type and text, of the answer to a signed request."""
    learner = issued(local_aws.state)
    url = f"{local_aws.endpoint}/" + (f"?{query}" if query else "")
    request = AWSRequest("POST", url, headers={name.replace("_", "-"): value for name, value in headers.items()}, data=body)
    credentials = Credentials(learner.principal.access_key, learner.secret, learner.token)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    answer = urllib3.request("POST", url, body=body, headers=dict(request.headers.items()))
    return answer.status, answer.headers.get("x-amzn-errortype", "") + answer.data.decode()


@pytest.mark.parametrize(
    ("service", "body", "query", "headers"),
    [
        ("sqs", json.dumps({"QueueName": "q"}), "Action=DeleteQueue", {"x_amz_target": "AmazonSQS.ListQueues", "content_type": JSON}),
        ("sqs", '{"a": "&Action=DeleteQueue&"}', "", {"x_amz_target": "AmazonSQS.ListQueues", "content_type": FORM}),
        ("sqs", json.dumps({}), "", {"x_amz_target": "AmazonSQS.ListQueues", "content_type": "multipart/form-data; boundary=b"}),
        ("sns", "Action=ListTopics&Version=2010-03-31", "Action=DeleteTopic", {"content_type": FORM}),
        ("sns", "Action=GetTopicAttributes&TopicArn=a", "TopicArn=b", {"content_type": FORM}),
        ("sns", "Action=GetTopicAttributes&TopicArn=a&TopicArn=b", "", {"content_type": FORM}),
        ("sns", "Action=GetTopicAttributes&TopicArn=a", "", {"content_type": "text/plain"}),
        ("glue", "[1]", "", {"x_amz_target": "AWSGlue.GetJob", "content_type": JSON}),
        ("glue", "{", "", {"x_amz_target": "AWSGlue.GetJob", "content_type": JSON}),
        ("sns", b"Action=Publish&Message=\xff", "", {"content_type": FORM}),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(local_aws, service, body, query, headers):
    status, text = sent(local_aws, service, body.encode() if isinstance(body, str) else body, query, **headers)
    assert status == 400, text
    assert any(code in text for code in ("SerializationException", "InvalidParameterCombination")), text


def test_an_operation_of_the_query_alone_is_served(local_aws):
    status, text = sent(local_aws, "sns", b"", "Action=ListTopics&Version=2010-03-31")
    assert (status, "ListTopicsResult" in text) == (200, True)
