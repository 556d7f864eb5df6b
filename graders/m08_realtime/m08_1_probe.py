"""Asks an endpoint without a break while the learner's update runs."""

import threading
from collections import Counter
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from course.grading import Answer, Report

WAIT = {"Delay": 1, "MaxAttempts": 600}
AFTERWARDS = 20  # requests


class Probe:
    """Requests in a thread. ``answers`` and ``errors`` are what came back."""

    def __init__(self, runtime: Any, endpoint: str, body: str) -> None:
        self._request = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": body}
        self._runtime, self._done = runtime, threading.Event()
        self.answers: list[float] = []
        self.errors: list[str] = []

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
        while not self._done.is_set():
            self.ask()


def judge_update(answer: Answer, report: Report, endpoint: str, model_data: str, body: str) -> None:
    """Let the learner's function put ``model_data`` behind ``endpoint``, and report what its callers noticed."""
    sagemaker, runtime = answer.client("sagemaker"), answer.client("sagemaker-runtime")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
    before = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    old_variant = sagemaker.describe_endpoint_config(EndpointConfigName=before)["ProductionVariants"][0]
    probe = Probe(runtime, endpoint, body)
    old = probe.ask()
    with probe:
        returned = answer.call("update", endpoint, model_data)
    status, present = _state(sagemaker, endpoint)
    if (status, present) == ("InService", before):
        said = f"`update(...)` returned {returned!r}, and the endpoint has the configuration that it had before: nothing was updated."
        for part in report.exercise.parts:
            report.part(part, False, said if part == "updated" else "Not looked at, since nothing was updated.")
        return
    asked, lost = len(probe.answers) + len(probe.errors), Counter(probe.errors)
    later = [probe.ask() for _ in range(AFTERWARDS)]
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
    after = _state(sagemaker, endpoint)[1]
    report.part(
        "updated",
        returned == after,
        f"`update(...)` returned {returned!r}; expected the name of the configuration that the endpoint has now.",
    )
    kinds = ", ".join(f"{count} times {code}" for code, count in lost.items())
    report.part(
        "lost",
        not lost,
        f"{lost.total()} of {asked} requests got no answer while `update(...)` ran: {kinds}. Was there always an endpoint?",
    )
    _check_later(report, later, old, status)
    _check_configurations(report, sagemaker, before, after, old_variant)


def _check_later(report: Report, later: list[float | None], old: float | None, status: str) -> None:
    stale = sum(one is None or abs(one - old) < 1e-6 for one in later)
    said = f"When `update(...)` had returned, {stale} of {len(later)} answers were still not the new model's"
    why = " and the endpoint was still Updating: the call's return is not the end of the update" if status == "Updating" else ""
    said += f"{why}; the endpoint's status was {status!r}, expected that of one whose update has ended."
    report.part("answers", not stale and status == "InService", said)


def _check_configurations(report: Report, sagemaker: Any, before: str, after: str, old_variant: dict) -> None:
    new_variant = sagemaker.describe_endpoint_config(EndpointConfigName=after)["ProductionVariants"][0]
    fields = ("VariantName", "InstanceType", "InitialInstanceCount")
    moved = [
        f"{field} was {old_variant[field]!r} and is {new_variant[field]!r}" for field in fields if new_variant[field] != old_variant[field]
    ]
    report.part("kept", not moved, f"The update changed more than the model: {'; '.join(moved)}.")
    try:
        sagemaker.describe_endpoint_config(EndpointConfigName=before)
    except ClientError:
        report.part("old_configuration", True, "The old configuration is gone.")
    else:
        report.part("old_configuration", False, f"The old configuration {before!r} is still there after the update.")


def _state(sagemaker: Any, endpoint: str) -> tuple[str, str]:
    """Status and configuration of an endpoint."""
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError:
        return "gone", ""
    return described["EndpointStatus"], described["EndpointConfigName"]
