"""Kills model servers and the local AWS many times under load: no answer is wrong, lost or given twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from course.localaws.sagemaker.hosting.servers.container_client import EXITED
from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SCRIPT, SKLEARN, archive, script
from tests.localaws.sagemaker.hosting.endpoint_load import INPUTS, Load, LoadResults, messages, of_many, queued, upper
from tests.localaws.sagemaker.job_fixtures import BUCKET
from tests.localaws.subscribed_queues import subscribe

CODE = """
from pathlib import Path
def model_fn(model_dir): return (Path(model_dir) / "name").read_text()
def transform_fn(name, data, content_type, accept): return name + data.upper(), "text/plain"
"""
MODELS = ["one", "two"]
KINDS = ("single", "many", "queued")
VICTIMS = ("single", "queued", "many", "single", "queued", "gateway", "single", "queued")
SETTLED = ("InService", "Failed")


def named(name: str) -> bytes:
    return archive(script(CODE) | {"name": name.encode()})


class Chaos(KillableAws):
    """One endpoint of each of the `KINDS`, with that name."""

    def __init__(self, state: Path, seed: int) -> None:
        super().__init__(state, seed)
        aws = self.aws
        for place, text in enumerate(INPUTS):
            aws.put(f"inputs/{place}", text)
        self._model("single", ModelDataUrl=aws.put("single.tar.gz", named("")), Environment=SCRIPT)
        self._model("queued", ModelDataUrl=aws.put("queued.tar.gz", named("")), Environment=SCRIPT)
        for model in MODELS:
            aws.put(f"many/{model}.tar.gz", named(f"{model}:"))
        self._model(
            "many", Mode="MultiModel", ModelDataUrl=f"s3://{BUCKET}/many/", Environment={"SAGEMAKER_PROGRAM": SCRIPT["SAGEMAKER_PROGRAM"]}
        )
        sns, sqs = aws.client("sns"), aws.client("sqs")
        topic, queue = sns.create_topic(Name="sagemaker-chaos")["TopicArn"], sqs.create_queue(QueueName="chaos")["QueueUrl"]
        subscribe(sns, sqs, topic, queue, RawMessageDelivery="true")
        output = {"S3OutputPath": f"s3://{BUCKET}/out", "S3FailurePath": f"s3://{BUCKET}/failed"}
        output["NotificationConfig"] = {"SuccessTopic": topic, "ErrorTopic": topic}
        self._endpoint("single")
        self._endpoint("many")
        self._endpoint("queued", AsyncInferenceConfig={"OutputConfig": output})
        self.described = self.all_described()
        assert {each["EndpointStatus"] for each in self.described} == {"InService"}

    def _model(self, kind: str, Environment: dict, **container: object) -> None:
        container |= {"Image": SKLEARN, "Environment": Environment | {"KIND": kind}}
        self.aws.sagemaker.create_model(ModelName=kind, ExecutionRoleArn=ROLE, PrimaryContainer=container)

    def _endpoint(self, kind: str, **more: object) -> None:
        variant = {"VariantName": "AllTraffic", "ModelName": kind, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        self.aws.sagemaker.create_endpoint_config(EndpointConfigName=kind, ProductionVariants=[variant], **more)
        self.aws.sagemaker.create_endpoint(EndpointName=kind, EndpointConfigName=kind)

    def all_described(self) -> list[dict]:
        """The endpoints, once no change is under way, without members that differ between answers."""
        sagemaker = self.aws.sagemaker
        found = []
        for kind in KINDS:
            described = self.aws.until(
                lambda kind=kind: sagemaker.describe_endpoint(EndpointName=kind), lambda each: each["EndpointStatus"] in SETTLED
            )
            del described["ResponseMetadata"]
            found.append(described)
        return found

    def strike(self, victim: str, results: LoadResults) -> None:
        """Kill the victim at a random moment after its first answer since the last kill."""
        for kind in KINDS if victim == "gateway" else (victim,):
            self.answers(kind, results)
        if victim == "gateway":
            self.kill_gateway()
        else:
            self.aws.until(lambda: self.kill_one(lambda process: process.environ().get("KIND") == victim))

    def answers(self, kind: str, results: LoadResults) -> None:
        """Wait for an answer to a request that is sent from now on."""
        before = results.answered[kind]
        self.aws.until(lambda: results.wrong or results.answered[kind] > before)
        assert not results.wrong
        if kind == "queued":
            asked = list(results.acknowledged.values())[-1]
            self.aws.until(lambda: self._there(asked["OutputLocation"]) or self._there(asked["FailureLocation"]))

    def _there(self, uri: str) -> bool:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        return self.aws.keys(key) == [key]


def check_notifications(chaos: Chaos, results: LoadResults) -> None:
    """Each acknowledged asynchronous request has one object and one notification, and both are right."""
    aws = chaos.aws
    queue = (sqs := aws.client("sqs")).get_queue_url(QueueName="chaos")["QueueUrl"]
    notifications: list[dict] = []

    def missing() -> set[str]:
        notifications.extend(messages(sqs, queue))
        return results.acknowledged.keys() - {notification["inferenceId"] for notification in notifications}

    aws.until(missing, lambda left: not left)
    assert max(Counter(notification["inferenceId"] for notification in notifications).values()) == 1
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    stored = {f"s3://{BUCKET}/{item['Key']}" for page in pages for item in page["Contents"] if item["Key"].startswith(("out/", "failed/"))}
    assert stored == {notification["responseParameters"]["outputLocation"] for notification in notifications} and len(stored) == len(
        notifications
    )
    by_id = {notification["inferenceId"]: notification for notification in notifications}
    for inference, asked in results.acknowledged.items():
        places = {asked["OutputLocation"], asked["FailureLocation"]} & stored
        assert places == {by_id[inference]["responseParameters"]["outputLocation"]}
        good = by_id[inference]["invocationStatus"] == "Completed"
        assert places == {asked["OutputLocation" if good else "FailureLocation"]}
        assert aws.get(*places).decode() == (asked["wanted"] if good else EXITED.decode())


@pytest.mark.timeout(600)
@pytest.mark.nightly  # test_runtime.py kills by day, at a moment of its choice
@pytest.mark.parametrize("kills", [20, 50, 100])
def test_endpoints_under_load(tmp_path: Path, kills: int) -> None:
    chaos = Chaos(tmp_path / "state", seed=kills)
    asks = {"single": upper("single"), "many": of_many("many", MODELS), "queued": queued("queued")}
    try:
        with Load(lambda: chaos.aws, asks) as results:
            for kill in range(kills):
                chaos.strike(VICTIMS[kill % len(VICTIMS)], results)
            for kind in KINDS:
                chaos.answers(kind, results)
        assert results.wrong == [] and chaos.all_described() == chaos.described
        check_notifications(chaos, results)
    finally:
        chaos.aws.handle.stop()
    chaos.nothing_is_left()
