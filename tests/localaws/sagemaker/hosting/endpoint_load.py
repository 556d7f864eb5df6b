"""Sends requests to endpoints from threads, and records the result of each request."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures

INPUTS = [f"input {number}" for number in range(20)]
# Accepted errors while a model's server is down: error code, and HTTP status of the container. The container may end during the answer (0);
# in a multi-model container, only the model's process may end (500), or another container may not have loaded the model yet (404).
WHILE_DEAD = {("ServiceUnavailable", None), ("ModelError", 0), ("ModelError", 500), ("ModelError", 404)}
PAUSE = 0.05  # seconds between two requests of a thread


@dataclass
class LoadResults:
    """The results until now. Threads only append."""

    answered: Counter = field(default_factory=Counter)  # by kind of endpoint
    refused: Counter = field(default_factory=Counter)  # by error code and the container's status
    acknowledged: dict[str, dict] = field(default_factory=dict)  # asynchronous requests by inference id
    wrong: list[str] = field(default_factory=list)
    unreachable: int = 0


class Load:
    """Threads that each send requests to one endpoint of the present local AWS, until the ``with`` ends.

    Parameters
    ----------
    aws : callable
        Returns the helpers of the present local AWS.
    asks : dict
        Kind of endpoint -> a function of client and number that sends one request and returns the error in its answer, or ``""``.
    """

    def __init__(self, aws: Callable[[], JobFixtures], asks: dict[str, Callable]) -> None:
        self._aws = aws
        self._stop = threading.Event()
        self.results = LoadResults()
        self._threads = [threading.Thread(target=self._run, args=item, name=f"load {item[0]}", daemon=True) for item in asks.items()]

    def __enter__(self) -> LoadResults:
        for thread in self._threads:
            thread.start()
        return self.results

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, kind: str, ask: Callable) -> None:
        try:
            self._ask_on(kind, ask)
        except Exception as error:  # an unexpected error must not end the thread unnoticed
            self.results.wrong.append(f"{kind}: {error!r}")

    def _ask_on(self, kind: str, ask: Callable) -> None:
        for aws, numbers in self._each_aws():
            client = aws.client("sagemaker-runtime")
            for number in numbers:
                try:
                    if wrong := ask(client, number, self.results):
                        self.results.wrong.append(f"{kind}: {wrong}")
                    self.results.answered[kind] += 1
                except ClientError as error:
                    refusal = error.response["Error"]["Code"], error.response.get("OriginalStatusCode")
                    self.results.refused[refusal] += 1
                    if refusal not in WHILE_DEAD:
                        self.results.wrong.append(f"{kind}: {error}")
                except (HTTPClientError, EndpointConnectionError):
                    self.results.unreachable += 1
                if self._stop.wait(PAUSE):
                    return

    def _each_aws(self) -> Iterator[tuple[JobFixtures, Iterator[int]]]:
        """Yields the present local AWS with numbers, each number once."""
        numbers = itertools.count()
        while True:
            aws = self._aws()
            yield aws, itertools.takewhile(lambda _, aws=aws: self._aws() is aws, numbers)


def upper(endpoint: str) -> Callable:
    """Send a request to an endpoint that answers in capitals."""

    def ask(client: object, number: int, results: LoadResults) -> str:
        sent = f"request {number}"
        answer = client.invoke_endpoint(EndpointName=endpoint, Body=sent, ContentType="text/csv")["Body"].read().decode()
        return "" if answer == sent.upper() else f"{answer!r} to {sent!r}"

    return ask


def of_many(endpoint: str, models: list[str]) -> Callable:
    """Send a request to a multi-model endpoint, whose answers start with the model's name."""

    def ask(client: object, number: int, results: LoadResults) -> str:
        model, sent = models[number % len(models)], f"request {number}"
        target = {"EndpointName": endpoint, "TargetModel": f"{model}.tar.gz"}
        answer = client.invoke_endpoint(**target, Body=sent, ContentType="text/csv")["Body"].read().decode()
        return "" if answer == f"{model}:{sent.upper()}" else f"{answer!r} of {model} to {sent!r}"

    return ask


def queued(endpoint: str) -> Callable:
    """Send one of the `INPUTS` to an asynchronous endpoint."""

    def ask(client: object, number: int, results: LoadResults) -> str:
        place = number % len(INPUTS)
        location = f"s3://{BUCKET}/inputs/{place}"
        answer = client.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        results.acknowledged[answer["InferenceId"]] = answer | {"wanted": INPUTS[place].upper()}
        return ""

    return ask


def messages(sqs: object, queue: str) -> list[dict]:
    """All messages in a queue now."""
    found: list[dict] = []
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", []):
        found += [json.loads(message["Body"]) for message in batch]
    return found
