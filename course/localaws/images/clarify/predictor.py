"""The model that an analysis asks: an endpoint of its own, which the job makes and always removes, or one that is there."""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from course.localaws.images.clarify import payloads
from course.localaws.images.clarify.configuration import Predictor
from course.localaws.images.clarify.payloads import Answers, Outputs

LARGEST = 1 << 20  # bytes of a request; endpoints take six times as much
LONGEST_NAME = 63  # characters of an endpoint's name
WAITS = 0.2  # seconds between two looks at an endpoint that starts
VARIANT = "AllTraffic"


class PredictorError(Exception):
    """The endpoint cannot be made, or does not answer. The text is for the person whose model it is."""


class Model:
    """Asks an endpoint for the predictions of tables."""

    def __init__(self, runtime: Any, endpoint: str, predictor: Predictor, outputs: Outputs) -> None:
        self._runtime, self._endpoint, self._predictor, self._outputs = runtime, endpoint, predictor, outputs
        self.rows = 0  # that were asked

    def answers(self, table: pd.DataFrame) -> Answers:
        """What the model says about each row. Raises `PredictorError` and `payloads.AnswerError`."""
        found = Answers([], [])
        for body, count in payloads.requests(table, self._predictor, LARGEST):
            text, kind = self._invoke(body)
            part = payloads.answers(text, kind, count, self._outputs)
            found.labels += part.labels
            found.scores += part.scores
        self.rows += len(table)
        return found

    def scores(self, table: pd.DataFrame) -> np.ndarray:
        """The model's scores (rows, outputs). Raises as `answers`."""
        return payloads.scores(self.answers(table))

    def _invoke(self, body: bytes) -> tuple[bytes, str]:
        from botocore.exceptions import BotoCoreError, ClientError

        predictor = self._predictor
        options = {"TargetModel": predictor.target_model, "CustomAttributes": predictor.custom_attributes}
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint,
                Body=body,
                ContentType=predictor.content_type,
                Accept=predictor.accept_type,
                **{name: value for name, value in options.items() if value},
            )
            return answer["Body"].read(), answer.get("ContentType") or predictor.accept_type
        except (ClientError, BotoCoreError) as error:
            raise PredictorError(f"The endpoint {self._endpoint} did not predict: {error}") from None


@contextlib.contextmanager
def running(predictor: Predictor, outputs: Outputs, client: Callable[[str], Any]) -> Iterator[Model]:
    """A model that can be asked. An endpoint that it makes is removed at the end, also if the job is stopped.

    Parameters
    ----------
    client : callable
        ``client("sagemaker")`` is a client of boto3 under the job's role.

    Raises
    ------
    PredictorError
        The endpoint cannot be made, or it fails.
    """
    runtime = client("sagemaker-runtime")
    if predictor.endpoint_name:
        yield Model(runtime, predictor.endpoint_name, predictor, outputs)
        return
    with _stopped_by_exit():
        name, sagemaker = _name(predictor), client("sagemaker")
        try:
            _create(sagemaker, name, predictor)
            _wait(sagemaker, name)
            yield Model(runtime, name, predictor, outputs)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the removal
            _remove(sagemaker, name)


@contextlib.contextmanager
def _stopped_by_exit() -> Iterator[None]:
    """SIGTERM, by which a job is stopped, ends the program as an exception, so that what it made is removed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _name(predictor: Predictor) -> str:
    end = f"-{int(time.time())}-{secrets.token_hex(2)}"
    stem = predictor.endpoint_name_prefix or f"sm-clarify-{predictor.model_name}"
    return stem[: LONGEST_NAME - len(end)].rstrip("-") + end


def _create(sagemaker: Any, name: str, predictor: Predictor) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    variant = {
        "VariantName": VARIANT,
        "ModelName": predictor.model_name,
        "InstanceType": predictor.instance_type,
        "InitialInstanceCount": predictor.initial_instance_count,
    }
    try:
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    except (ClientError, BotoCoreError) as error:
        raise PredictorError(f"The endpoint of the model {predictor.model_name} cannot be made: {error}") from None
    print(f"Endpoint {name} is being created", flush=True)


def _wait(sagemaker: Any, name: str) -> None:
    while True:
        found = sagemaker.describe_endpoint(EndpointName=name)
        if found["EndpointStatus"] == "InService":
            return
        if found["EndpointStatus"] != "Creating":
            raise PredictorError(f"The endpoint {name} failed: {found.get('FailureReason', found['EndpointStatus'])}")
        time.sleep(WAITS)


def _remove(sagemaker: Any, name: str) -> None:
    """Remove the endpoint and its configuration. What does not exist, because it was not made, is left."""
    from botocore.exceptions import BotoCoreError, ClientError

    with contextlib.suppress(ClientError, BotoCoreError):  # there is no endpoint
        while sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating":  # it cannot be deleted yet
            time.sleep(WAITS)
        sagemaker.delete_endpoint(EndpointName=name)
    with contextlib.suppress(ClientError, BotoCoreError):
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
    print(f"Endpoint {name} is removed", flush=True)
