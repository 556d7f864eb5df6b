"""Lets the learner's function deploy a model for hours of traffic, asks the endpoints, and removes them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.grading import Answer, Report
from course.grading.scoring import rule_share

WAIT = {"Delay": 0.2, "MaxAttempts": 600}
SERVERLESS, INSTANCE = "a serverless endpoint", "an endpoint on instances"
MACHINE = ("ml.m5.large", 1)
QUESTIONS = {
    "seldom": "in all that miss a serverless endpoint suits and costs less: what does an instance cost while nobody asks?",
    "dear": "in all that miss an instance costs less: how many GB does each second of a container count?",
    "cold": "in all that miss a cold container answers too late: does your rule add `seconds` and `cold_seconds`?",
    "large": "in all that miss no container is large enough: does your rule look at `model_mb`?",
}


@dataclass(frozen=True)
class Hour:
    """What the function gets, the memory of the serverless endpoint that suits (None: an instance suits), and why: of `QUESTIONS`."""

    given: dict
    memory: int | None
    why: str

    @property
    def kind(self) -> str:
        return INSTANCE if self.memory is None else SERVERLESS


@dataclass(frozen=True)
class Served:
    """An endpoint that the function made: its variant, its status when the function returned, and what it answers."""

    hour: Hour
    variant: dict[str, Any]
    status: str
    refused: int
    right: bool

    @property
    def kind(self) -> str:
        return SERVERLESS if "ServerlessConfig" in self.variant else INSTANCE

    def wrong_setting(self) -> str:
        """What of the endpoint does not suit the hour, or nothing."""
        if self.kind == INSTANCE:
            machine = (self.variant.get("InstanceType"), self.variant.get("InitialInstanceCount"))
            return "" if machine == MACHINE else f"it has {machine[1]} {machine[0]}: how many of which does the text ask for?"
        size, given = self.variant["ServerlessConfig"], self.hour.given
        if size["MemorySizeInMB"] != self.hour.memory:
            return f"a model of {given['model_mb']:,} MB has {size['MemorySizeInMB']:,} MB: is that the smallest size that it fits into?"
        if size["MaxConcurrency"] != given["at_once"]:
            said = f"{given['at_once']} at once meet a concurrency of {size['MaxConcurrency']}"
            return f"{said}: would one be refused, or is more reserved than needed?"
        return "it keeps containers warm, for which nobody asked." if "ProvisionedConcurrency" in size else ""


def judge(answer: Answer, report: Report, artifact: str, hours: Sequence[Hour], body: str, wanted: float) -> None:
    """Report all parts. ``wanted`` is what the model of ``artifact`` answers to ``body``."""
    report.doing(f"deploys a model for {len(hours)} hours by your function, and asks the endpoints")
    served: list[Served] = []
    with _removed(answer.client("sagemaker")) as before:
        for hour in hours:
            name = answer.call("serve", artifact, hour.given)
            said = f"`serve(...)` returned {name[:80]!r}"
            if not report.part("choice", name not in before, f"{said}, an endpoint that was there before the call."):
                return
            before.add(name)
            found = _described(answer.client("sagemaker"), name)
            if not report.part("choice", found is not None, f"{said}; expected the name of an endpoint, and there is none of this name."):
                return
            burst = "ServerlessConfig" in _variant(answer, found) and not any(one.kind == SERVERLESS for one in served)
            served.append(_asked(answer, hour, found, body, wanted, hour.given["at_once"] if burst else 1))
    report_all(report, served)


def report_all(report: Report, served: Sequence[Served]) -> None:
    """Report all parts of what the function deployed for the hours."""
    kinds, count = [one.kind for one in served], len(served)
    suits = [one for one in served if one.kind == one.hour.kind]
    said = f"{len(suits)} of {count} hours got the kind of endpoint that suits."
    missed = {one.hour.why for one in served if one not in suits}
    if len(set(kinds)) == 1:
        said += f" Each got {kinds[0]}: what in an hour moves your choice?"
    elif len(missed) == 1:
        said += f" Look: {QUESTIONS[missed.pop()]}"
    report.part("choice", rule_share(kinds, [{one.hour.kind} for one in served]), said)
    wrong = {one.hour.why: text for one in suits if (text := one.wrong_setting())}
    good = sum(not one.wrong_setting() for one in suits)
    said = f"{good} of {count} endpoints suit in their settings. {'Of one, ' + next(iter(wrong.values())) if wrong else ''}"
    report.part("settings", good / count, said)
    answered = sum(one.status == "InService" and one.right for one in suits)
    report.part("answers", answered / count, f"{answered} of {count} endpoints suit and answer. {_of_answers(suits)}")


def _of_answers(served: Sequence[Served]) -> str:
    if (late := next((one for one in served if one.status != "InService"), None)) is not None:
        return f"One was {late.status} when `serve(...)` returned: does it wait?"
    if (full := next((one for one in served if one.refused), None)) is not None:
        return f"One refused {full.refused} of {full.hour.given['at_once']} requests that came at once."
    if any(not one.right for one in served):
        return "One gives other answers than the model at `artifact`: which archive and image does it serve?"
    return ""


def _described(sagemaker: Any, name: str) -> dict[str, Any] | None:
    with contextlib.suppress(ClientError):
        return sagemaker.describe_endpoint(EndpointName=name)
    return None


def _variant(answer: Answer, endpoint: dict[str, Any]) -> dict[str, Any]:
    config = answer.client("sagemaker").describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    return config["ProductionVariants"][0]


def _asked(answer: Answer, hour: Hour, endpoint: dict[str, Any], body: str, wanted: float, count: int) -> Served:
    """Ask an endpoint ``count`` times at once. ``endpoint`` is its description right after the function returned."""
    sagemaker, runtime, name = answer.client("sagemaker"), answer.client("sagemaker-runtime"), endpoint["EndpointName"]
    with contextlib.suppress(WaiterError):  # it is asked in any case
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)

    def ask(_: int) -> tuple[bool, float | None]:
        """Whether the request was refused at first, and its answer."""
        try:
            said = runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=body)
            return said["ResponseMetadata"]["RetryAttempts"] > 0, float(said["Body"].read())
        except ClientError as error:
            return error.response["Error"]["Code"] == "ThrottlingException", None
        except ValueError:
            return False, None

    with ThreadPoolExecutor(count) as pool:
        asked = list(pool.map(ask, range(count)))
    refused = sum(first for first, _ in asked)
    right = not refused and all(number is not None and abs(number - wanted) < 1e-5 for _, number in asked)
    return Served(hour, _variant(answer, endpoint), endpoint["EndpointStatus"], refused, right)


@contextlib.contextmanager
def _removed(sagemaker: Any) -> Iterator[set[str]]:
    """The names of all endpoints. New endpoints are deleted when it is left, with their configurations and models that are new, too."""
    known = {kind: frozenset(_names(sagemaker, kind)) for kind in ("endpoint", "endpoint_config", "model")}
    try:
        yield set(known["endpoint"])
    finally:
        for name in sorted(_names(sagemaker, "endpoint") - known["endpoint"]):
            _remove(sagemaker, name, known)


def _names(sagemaker: Any, kind: str) -> set[str]:
    noun = kind.title().replace("_", "")
    return {one[f"{noun}Name"] for page in sagemaker.get_paginator(f"list_{kind}s").paginate() for one in page[f"{noun}s"]}


def _remove(sagemaker: Any, name: str, known: Mapping[str, Collection[str]]) -> None:
    with contextlib.suppress(WaiterError):  # one that failed goes as well
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    sagemaker.delete_endpoint(EndpointName=name)
    if config not in known["endpoint_config"]:
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model in {each["ModelName"] for each in variants} - set(known["model"]):
        with contextlib.suppress(ClientError):  # several endpoints may have had one model
            sagemaker.delete_model(ModelName=model)
