"""A request of thousands of fields, which moto would compare with each other for minutes, is refused, and others are answered."""

from __future__ import annotations

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.localaws.boto_clients import client_factory

MANY = Config(parameter_validation=False)


def test_a_form_with_too_many_fields_is_refused(local_aws) -> None:
    make = client_factory(local_aws)
    with pytest.raises(ClientError, match=r"has 20,\d\d\d fields; the local AWS reads at most 2,000") as caught:
        make("ec2", config=MANY).describe_instances(Filters=[{"Name": "tag:a", "Values": ["x"] * 200}] * 100)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError, match="fields"):
        entries = [{"Id": str(each), "Message": "m"} for each in range(20_000)]
        make("sns", config=MANY).publish_batch(TopicArn="arn:aws:sns:us-east-1:123456789012:t", PublishBatchRequestEntries=entries)
    assert make("ec2").describe_instances(Filters=[{"Name": "tag:a", "Values": ["x"] * 200}] * 5)["Reservations"] == []
