"""Asks an endpoint without a break while the learner's update runs."""

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from course.grading import Answer, Report

WAIT = {"Delay": 1, "MaxAttempts": 600}
AFTERWARDS = 20  # requests
LOOK_EVERY = 10  # requests, at the old configuration


class Probe:
    """Requests in a thread. ``answers`` and ``errors`` are what came back.

    ``deleted_early`` says whether the configuration ``config`` was gone while the endpoint was still Updating.
    """

    def __init__(self, answer: Answer, endpoint: str, config: str, body: str) -> None:
        self._request = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": body}
        self._runtime, self._sagemaker, self._config = answer.client("sagemaker-runtime"), answer.client("sagemaker"), config
        self._done = threading.Event()
        self.answers: list[float] = []
        self.errors: list[str] = []
        self.deleted_early = False

    def ask(self) -> float | None:
        try:
            answer = float(self._runtime.invoke_endpoint(**self._request)["Body"].read())
        except (ClientError, BotoCoreError) as error:
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            self.errors.append(code)
            return None
        self.answers.append(answer)
        return answer

    def __enter__(self) -> "Probe":
        self._thread = threading.Thread(target=self._again_and_again, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _again_and_again(self) -> None:
        for number in itertools.count(1):
            if self._done.is_set():
                break
            self.ask()
            if number % LOOK_EVERY == 0 and not _exists(self._sagemaker, self._config):
                self.deleted_early |= _state(self._sagemaker, self._request["EndpointName"])[0] == "Updating"


@contextlib.contextmanager
def deployed(sagemaker: Any, name: str, role: str, container: dict, variant: dict) -> Iterator[None]:
    """An endpoint with a model and a configuration of the same name. All three go when it is left, with the configuration it has then."""
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant | {"ModelName": name}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        yield
    finally:
        configs = {name}
        with contextlib.suppress(ClientError):
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
            configs.add(sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"])
            sagemaker.delete_endpoint(EndpointName=name)
        for config in configs:
            with contextlib.suppress(ClientError):
                sagemaker.delete_endpoint_config(EndpointConfigName=config)
        sagemaker.delete_model(ModelName=name)


def judge_update(answer: Answer, report: Report, endpoint: str, model_data: str, body: str) -> bool:
    """Let the learner's function put ``model_data`` behind ``endpoint``, and report what its callers noticed; whether all was well."""
    sagemaker = answer.client("sagemaker")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
    before = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    old_variant = sagemaker.describe_endpoint_config(EndpointConfigName=before)["ProductionVariants"][0]
    probe = Probe(answer, endpoint, before, body)
    old = probe.ask()
    with probe:
        returned = answer.call("update", endpoint, model_data)
    status, present = _state(sagemaker, endpoint)
    if (status, present) == ("InService", before):
        said = f"`update(...)` returned {returned!r}, and the endpoint has the configuration that it had before: nothing was updated."
        for part in report.exercise.parts:
            report.part(part, False, said if part == "updated" else "Not looked at, since nothing was updated.")
        return False
    asked, lost = len(probe.answers) + len(probe.errors), Counter(probe.errors)
    later = [probe.ask() for _ in range(AFTERWARDS)]
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
    after = _state(sagemaker, endpoint)[1]
    said = f"`update(...)` returned {returned!r}; expected the name of the configuration that the endpoint has now."
    updated = report.part("updated", returned == after, said)
    kinds = ", ".join(f"{count} times {code}" for code, count in lost.items())
    said = f"{lost.total()} of {asked} requests got no answer while `update(...)` ran: {kinds}. Was there always an endpoint?"
    answered = report.part("lost", not lost, said)
    fresh = _check_later(report, later, old, status)
    kept = _check_kept(report, sagemaker, after, old_variant)
    return _check_old_configuration(report, sagemaker, before, probe.deleted_early) and updated and answered and fresh and kept


def _check_later(report: Report, later: list[float | None], old: float | None, status: str) -> bool:
    stale = sum(one is None or abs(one - old) < 1e-6 for one in later)
    said = f"When `update(...)` had returned, {stale} of {len(later)} answers were not the new model's"
    if status == "Updating":
        said += " and the endpoint was still Updating: the call's return is not the end of the update."
    else:
        said += f" and the endpoint's status was {status!r}; expected the status of an endpoint whose update has ended."
    return report.part("answers", not stale and status == "InService", said)


def _check_kept(report: Report, sagemaker: Any, after: str, old_variant: dict) -> bool:
    new_variant = sagemaker.describe_endpoint_config(EndpointConfigName=after)["ProductionVariants"][0]
    fields = ("VariantName", "InstanceType", "InitialInstanceCount")
    moved = [
        f"{field} was {old_variant[field]!r} and is {new_variant[field]!r}" for field in fields if new_variant[field] != old_variant[field]
    ]
    return report.part("kept", not moved, f"The update changed more than the model: {'; '.join(moved)}.")


def _check_old_configuration(report: Report, sagemaker: Any, before: str, deleted_early: bool) -> bool:
    said = f"The old configuration {before!r} was deleted while the endpoint was still Updating: until the end the old servers need it."
    if not report.part("old_configuration", not deleted_early, said):
        return False
    said = f"The old configuration {before!r} is still there after the update."
    return report.part("old_configuration", not _exists(sagemaker, before), said)


def _exists(sagemaker: Any, config: str) -> bool:
    """Whether there is such an endpoint configuration; any other trouble than its absence is no answer, and counts as being there."""
    try:
        sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as error:
        return error.response["Error"]["Code"] != "ValidationException"
    return True


def _state(sagemaker: Any, endpoint: str) -> tuple[str, str]:
    """Status and configuration of an endpoint."""
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError:
        return "gone", ""
    return described["EndpointStatus"], described["EndpointConfigName"]
