"""Endpoints under load from threads, and what came of every request."""

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
# What AWS answers while a model's server is not there: error code, and HTTP status of the container. It may have ended while it answered
# (0); of a container of many models, the model's process alone (500), and another container may not have loaded it yet (404).
WHILE_DEAD = {("ServiceUnavailable", None), ("ModelError", 0), ("ModelError", 500), ("ModelError", 404)}
PAUSE = 0.05  # seconds between two requests of a thread


@dataclass
class LoadResults:
    """What happened until now. Threads only append."""

    answered: Counter = field(default_factory=Counter)  # by kind of endpoint
    refused: Counter = field(default_factory=Counter)  # by error code and the container's status
    acknowledged: dict[str, dict] = field(default_factory=dict)  # asynchronous requests by inference id
    wrong: list[str] = field(default_factory=list)
    unreachable: int = 0


class Load:
    """Threads that ask one endpoint each, of whichever local AWS is there at the moment, until the ``with`` ends.

    Parameters
    ----------
    world : callable
        The present one.
    asks : dict
        Kind of endpoint -> a function of client and number that asks once, and says what was wrong with the answer, or ``""``.
    """

    def __init__(self, world: Callable[[], JobFixtures], asks: dict[str, Callable]) -> None:
        self._world = world
        self._stop = threading.Event()
        self.told = LoadResults()
        self._threads = [threading.Thread(target=self._run, args=item, name=f"load {item[0]}", daemon=True) for item in asks.items()]

    def __enter__(self) -> LoadResults:
        for thread in self._threads:
            thread.start()
        return self.told

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, kind: str, ask: Callable) -> None:
        try:
            self._ask_on(kind, ask)
        except Exception as error:  # a thread that ends for another reason than those below proves nothing
            self.told.wrong.append(f"{kind}: {error!r}")

    def _ask_on(self, kind: str, ask: Callable) -> None:
        for world, numbers in self._worlds():
            client = world.client("sagemaker-runtime")
            for number in numbers:
                try:
                    if wrong := ask(client, number, self.told):
                        self.told.wrong.append(f"{kind}: {wrong}")
                    self.told.answered[kind] += 1
                except ClientError as error:
                    told = error.response["Error"]["Code"], error.response.get("OriginalStatusCode")
                    self.told.refused[told] += 1
                    if told not in WHILE_DEAD:
                        self.told.wrong.append(f"{kind}: {error}")
                except (HTTPClientError, EndpointConnectionError):
                    self.told.unreachable += 1
                if self._stop.wait(PAUSE):
                    return

    def _worlds(self) -> Iterator[tuple[JobFixtures, Iterator[int]]]:
        """Each local AWS, with numbers as long as it is the present one; none is given twice."""
        numbers = itertools.count()
        while True:
            world = self._world()
            yield world, itertools.takewhile(lambda _, world=world: self._world() is world, numbers)


def upper(endpoint: str) -> Callable:
    """Ask an endpoint that answers in capitals."""

    def ask(client: object, number: int, told: LoadResults) -> str:
        sent = f"request {number}"
        answer = client.invoke_endpoint(EndpointName=endpoint, Body=sent, ContentType="text/csv")["Body"].read().decode()
        return "" if answer == sent.upper() else f"{answer!r} to {sent!r}"

    return ask


def of_many(endpoint: str, models: list[str]) -> Callable:
    """Ask a multi-model endpoint, whose models put their names before their answers."""

    def ask(client: object, number: int, told: LoadResults) -> str:
        model, sent = models[number % len(models)], f"request {number}"
        target = {"EndpointName": endpoint, "TargetModel": f"{model}.tar.gz"}
        answer = client.invoke_endpoint(**target, Body=sent, ContentType="text/csv")["Body"].read().decode()
        return "" if answer == f"{model}:{sent.upper()}" else f"{answer!r} of {model} to {sent!r}"

    return ask


def queued(endpoint: str) -> Callable:
    """Ask an asynchronous endpoint for one of the `INPUTS`."""

    def ask(client: object, number: int, told: LoadResults) -> str:
        place = number % len(INPUTS)
        location = f"s3://{BUCKET}/inputs/{place}"
        answer = client.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        told.acknowledged[answer["InferenceId"]] = answer | {"wanted": INPUTS[place].upper()}
        return ""

    return ask


def messages(sqs: object, queue: str) -> list[dict]:
    """All that is in a queue now."""
    found: list[dict] = []
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", []):
        found += [json.loads(message["Body"]) for message in batch]
    return found
