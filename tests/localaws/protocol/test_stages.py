"""The dispatcher's optional stages: one call each of S3, KMS and Athena with the stages on and off, the audit, and the events."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from course.localaws.core.sdk_environment import REGION
from course.localaws.protocol.model import service_model
from course.localaws.protocol.redaction import HIDDEN
from course.localaws.services import SERVICES, STAGES
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.subscribed_queues import queue_for_rules

ACCOUNT = "123456789012"
BUCKET = "stages"
ON = ["authorization", "audit", "events"]
# An operation of each service, with the error code and status of its refusal.
CALLS = {
    "s3": ("PutObject", "AccessDenied", 403),
    "kms": ("Encrypt", "AccessDeniedException", 400),
    "athena": ("StartQueryExecution", "AccessDeniedException", 400),
}


class Account:
    """A local AWS with a bucket, a key and two users: one is allowed everything, the other nothing."""

    def __init__(self, aws: RestartableAws) -> None:
        self.aws = aws
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        self._keys = {}
        for user in ("may", "maynot"):
            aws("iam").create_user(UserName=user)
            key = aws("iam").create_access_key(UserName=user)["AccessKey"]
            self._keys[user] = key["AccessKeyId"], key["SecretAccessKey"]
        aws("iam").put_user_policy(UserName="may", PolicyName="all", PolicyDocument=json.dumps(policy))
        self.client("may", "s3").create_bucket(Bucket=BUCKET)
        self.key = self.client("may", "kms").create_key()["KeyMetadata"]["KeyId"]

    def client(self, user: str, service: str):
        return self.aws(service, *self._keys[user])

    def call(self, user: str, service: str) -> str:
        """Make the service's call in `CALLS`. Returns its request id."""
        client = self.client(user, service)
        answers = {
            "s3": lambda: client.put_object(Bucket=BUCKET, Key="a/b", Body=b"body"),
            "kms": lambda: client.encrypt(KeyId=self.key, Plaintext=b"a secret"),
            "athena": lambda: client.start_query_execution(
                QueryString="SELECT 1", WorkGroup="primary", ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"}
            ),
        }
        return answers[service]()["ResponseMetadata"]["RequestId"]

    def logged(self, request_id: str) -> dict:
        """Returns a request's row in the log."""
        self.aws.handle.events()  # writes the queued rows
        with sqlite3.connect(self.aws.state / "requests.db") as connection:
            connection.row_factory = sqlite3.Row
            return dict(connection.execute("SELECT * FROM requests WHERE request_id = ?", (request_id,)).fetchone())

    def elements(self, request_id: str) -> tuple[dict | None, dict | None]:
        """Returns the parameters and the response in a request's row."""
        row = self.logged(request_id)
        return tuple(json.loads(row[name]) if row[name] else None for name in ("parameters", "response"))


def account(tmp_path_factory, stages: dict):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(STAGES, json.dumps(stages))
        aws = RestartableAws(tmp_path_factory.mktemp("stages") / "state")
    try:
        yield Account(aws)
    finally:
        aws.stop()


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory):
    yield from account(tmp_path_factory, dict.fromkeys(CALLS, ON) | {"iam": ["audit"]})


@pytest.fixture(scope="module")
def switched_off(tmp_path_factory):
    yield from account(tmp_path_factory, {service: [] for service in CALLS})


@pytest.mark.parametrize("service", CALLS)
def test_a_caller_without_permission_is_refused_in_the_words_of_the_service(switched_on, service):
    operation, code, status = CALLS[service]
    with pytest.raises(ClientError) as refused:
        switched_on.call("maynot", service)
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (error["Code"], metadata["HTTPStatusCode"]) == (code, status)
    assert error["Message"].startswith(
        f"User: arn:aws:iam::{ACCOUNT}:user/maynot is not authorized to perform: {service}:{operation} on resource: "
    )
    row = switched_on.logged(metadata["RequestId"])
    assert (row["error"], row["status"], row["region"], row["parameters"]) == (code, status, REGION, None)


@pytest.mark.parametrize("service", CALLS)
def test_a_caller_with_permission_is_served_and_its_parameters_are_logged_without_secrets(switched_on, service):
    row = switched_on.logged(request := switched_on.call("may", service))
    assert (row["operation"], row["region"], row["error"], row["status"]) == (CALLS[service][0], REGION, "", 200)
    parameters, response = switched_on.elements(request)
    if service == "s3":  # a data event that no trail asks for
        assert (parameters, response) == (None, None)
        return
    expected = {
        "kms": {"keyId": switched_on.key, "plaintext": HIDDEN},
        "athena": {"queryString": "SELECT 1", "workGroup": "primary"},
    }
    assert expected[service].items() <= parameters.items()
    assert (response or {}).keys() == ({"queryExecutionId"} if service == "athena" else set())  # Encrypt only reads


def test_a_password_is_not_logged(switched_on):
    answer = switched_on.aws("iam").create_login_profile(UserName="maynot", Password="s3cret-Pa55word")
    parameters, response = switched_on.elements(answer["ResponseMetadata"]["RequestId"])
    assert parameters == {"userName": "maynot", "password": HIDDEN}
    assert response["loginProfile"]["userName"] == "maynot"


@pytest.mark.parametrize("service", CALLS)
def test_without_the_stages_anybody_is_served_and_no_parameters_are_logged(switched_off, service):
    row = switched_off.logged(switched_off.call("maynot", service))
    assert (row["status"], row["error"], row["region"], row["parameters"]) == (200, "", REGION, None)


@pytest.mark.parametrize(("stages", "delivered"), [("switched_on", True), ("switched_off", False)])
def test_a_call_is_an_event_where_the_stage_is_on(request, stages, delivered):
    aws = request.getfixturevalue(stages).aws
    queue, arn = queue_for_rules(aws("sqs"), "calls")
    pattern = {"source": ["aws.kms"], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["CreateKey"]}}
    aws("events").put_rule(Name="calls", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="calls", Targets=[{"Id": "queue", "Arn": arn}])
    made = request.getfixturevalue(stages).client("may", "kms").create_key(Description="watched")["ResponseMetadata"]["RequestId"]
    messages = received(aws, queue, wait=20 if delivered else 1)
    assert len(messages) == delivered
    if delivered:
        detail = json.loads(messages[0]["Body"])["detail"]
        assert (detail["eventSource"], detail["awsRegion"], detail["requestID"]) == ("kms.amazonaws.com", REGION, made)
        assert detail["requestParameters"] == {"description": "watched"}
        assert detail["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/may"


def received(aws: RestartableAws, queue: str, wait: float) -> list[dict]:
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if messages := aws("sqs").receive_message(QueueUrl=queue).get("Messages"):
            return messages
        time.sleep(0.2)
    return []


def test_every_service_is_authorized_and_audited_by_default():
    assert all(entry.stages.authorization and entry.stages.audit and not entry.stages.events for entry in SERVICES.values())


@pytest.mark.parametrize("service", ["s3"])
def test_the_tables_of_permissions_name_operations_and_members_of_the_model(service):
    path = Path(SERVICES[service].create.__globals__["__file__"]).with_name("permissions.yaml")
    document = yaml.safe_load(path.read_text())
    entries = [*document["resources"].items(), *((more["resource"], more["operations"]) for more in document.get("also", ()))]
    for template, operations in entries:
        for operation in operations:
            shape = service_model(service).operation_model(operation).input_shape
            for member in re.findall(r"{(\w+)", template):
                assert member in shape.members, (operation, member)
    for operations in document.get("actions", {}).values():
        assert {*operations} <= {*service_model(service).operation_names}
