"""Asks an asynchronous endpoint by the learner's function and by itself, and compares."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.grading import Answer, AnswerError, Report

from .m09_1_cases import flight, line

ENOUGH = 20.0  # seconds that the learner's function is given for questions that are answered at once
PATIENCE, MANY = 2.0, 18  # seconds for all, and bodies that nobody answers: one by one they would take longer than the exercise has
VERY_LONG = 1000.0  # seconds, more than the exercise has: who waits for their end does not return in time
WAIT = {"Delay": 0.2, "MaxAttempts": 150}
STATES = ("done", "failed", "waiting")
Result = tuple[str, str]  # state and text


def apart(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def folders(answer: Answer, endpoint: str) -> tuple[str, str]:
    """Where an endpoint stores answers and failures."""
    sagemaker = answer.client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    output = sagemaker.describe_endpoint_config(EndpointConfigName=config)["AsyncInferenceConfig"]["OutputConfig"]
    return output["S3OutputPath"], output["S3FailurePath"]


def asked(answer: Answer, endpoint: str, bodies: list[str], readable: list[bool]) -> list[str]:
    """What the endpoint stores of questions of the check's own. Raises `AnswerError` when it stores nothing."""
    s3, (bucket, _) = answer.client("s3"), apart(folders(answer, endpoint)[0])
    sent = []
    for body, good in zip(bodies, readable, strict=True):
        key = f"checks-m09-1/{answer.token()}.csv"
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        sent.append(place_of(answer, {"EndpointName": endpoint, "InputLocation": f"s3://{bucket}/{key}", "ContentType": "text/csv"}, good))
    return [text_at(answer, place) for place in sent]


def stored(answer: Answer, request: dict, good: bool) -> str:
    """What a request leaves at its output location, or at its failure location. Raises `AnswerError` when nothing comes."""
    return text_at(answer, place_of(answer, request, good))


def place_of(answer: Answer, request: dict, good: bool) -> str:
    return answer.client("sagemaker-runtime").invoke_endpoint_async(**request)["OutputLocation" if good else "FailureLocation"]


def outcome(answer: Answer, request: dict) -> str | None:
    """What a request leaves at its output location, or None when it fails or nothing comes of it."""
    sent = answer.client("sagemaker-runtime").invoke_endpoint_async(**request)
    s3, places = answer.client("s3"), [apart(sent[one]) for one in ("OutputLocation", "FailureLocation")]
    for _ in range(WAIT["MaxAttempts"]):
        there = [s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] for bucket, key in places]
        if any(there):
            return text_at(answer, sent["OutputLocation"]) if there[0] else None
        time.sleep(WAIT["Delay"])
    return None


def text_at(answer: Answer, place: str) -> str:
    s3, (bucket, key) = answer.client("s3"), apart(place)
    try:
        s3.get_waiter("object_exists").wait(Bucket=bucket, Key=key, WaiterConfig=WAIT)
    except WaiterError as error:
        raise AnswerError("The asynchronous endpoint left a request of the check's own without its result; has it an instance?") from error
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def results(answer: Answer, report: Report, endpoint: str, bodies: list[str], seconds: float, part: str) -> list[Result] | None:
    """The learner's results; reports the part and returns None when they are none."""
    got = answer.call("ask_all", endpoint, bodies, seconds)
    called = f"`ask_all(...)` for {len(bodies)} bodies"
    if not report.part(part, len(got) == len(bodies), f"{called} returned a list of {len(got)}; expected one result a body."):
        return None
    for one in got:
        good = set(one) == {"state", "text"} and one["state"] in STATES and isinstance(one["text"], str)
        if not report.part(part, good, f"{called} returned {str(one)[:120]} in its list; expected a state of the text, and 'text'."):
            return None
    return [(one["state"], one["text"]) for one in got]


def judge_results(answer: Answer, report: Report, endpoint: str, bodies: list[str], readable: list[bool]) -> bool:
    """Report the parts ``answers`` and ``failures``: whether each body has its own. Whether the results have their form."""
    got = results(answer, report, endpoint, bodies, ENOUGH, "answers")
    if got is None:
        return False
    wanted = asked(answer, endpoint, bodies, readable)
    judged = list(zip(got, wanted, readable, strict=True))
    answered = [(one, text) for one, text, good in judged if good]
    right = sum(one == ("done", text) for one, text in answered)
    report.part("answers", right / len(answered), _of_answers(answered, right, wanted))
    refused = [(one, text) for one, text, good in judged if not good]
    right = sum(one == ("failed", text) for one, text in refused)
    report.part("failures", right / len(refused), _of_failures(refused, right))
    return True


def _of_answers(answered: list[tuple[Result, str]], right: int, wanted: list[str]) -> str:
    said = f"{right} of {len(answered)} bodies that the model can read have their answer."
    if any(state == "waiting" for (state, _), _ in answered):
        return f"{said} Some are called waiting, though the answer came: where is it, and does your function look more than once?"
    if any(one[1] != text and one[1] in wanted for one, text in answered):  # the answer, or the reason of a failure
        return f"{said} Some have the answer to another body: has each its own object in S3, and its own place in the list?"
    if failed := next((one[1] for one, _ in answered if one[0] == "failed"), None):
        return f"{said} Some are called failed, with {failed[:80]!r}: which of the two locations was filled, and were they sent as CSV?"
    return f"{said} Others have a text that the endpoint did not store."


def _of_failures(refused: list[tuple[Result, str]], right: int) -> str:
    said = f"{right} of {len(refused)} bodies that the model refuses are called failed, with what was stored for them."
    if any(state == "waiting" for (state, _), _ in refused):
        return f"{said} Some are called waiting: where does an endpoint put what it could not answer?"
    if any(state == "done" for (state, _), _ in refused):
        return f"{said} Some are called done: at which location did you find them?"
    return f"{said} Read the object at the failure location."


def count_below(s3: Any, uri: str) -> int:
    bucket, prefix = apart(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return sum(page["KeyCount"] for page in pages)


@contextlib.contextmanager
def queue(answer: Answer, name: str, model: str, place: str) -> Iterator[str]:
    """An asynchronous endpoint with one instance; yields where it stores answers, below ``place``. It is gone when it is left."""
    sagemaker = answer.client("sagemaker")
    output = {"S3OutputPath": f"{place}/out", "S3FailurePath": f"{place}/failed"}
    settings = {"OutputConfig": output, "ClientConfig": {"MaxConcurrentInvocationsPerInstance": answer.rng.randint(2, 4)}}
    variant = {"VariantName": "Live", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], AsyncInferenceConfig=settings)
    try:
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        yield output["S3OutputPath"]
    finally:
        with contextlib.suppress(ClientError):
            sagemaker.describe_endpoint(EndpointName=name)
            with contextlib.suppress(WaiterError):  # one that failed goes as well
                sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
            sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


def _scale(sagemaker: Any, endpoint: str, count: int) -> None:
    change = {"VariantName": "Live", "DesiredInstanceCount": count}
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=endpoint, DesiredWeightsAndCapacities=[change])
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)


def judge_waiting(answer: Answer, report: Report, endpoint: str, out: str) -> None:
    """Report ``waiting``: what the function says without an instance, whether it had sent all when one comes, and when it returns."""
    s3 = answer.client("s3")
    _scale(answer.client("sagemaker"), endpoint, 0)
    before = count_below(s3, out)
    for count, slow in ((1, "Does it ever give up?"), (MANY, "Do the seconds hold for all bodies together?")):
        bodies = [line(flight(answer.rng)) for _ in range(count)]
        try:
            got = results(answer, report, endpoint, bodies, PATIENCE, "waiting")
        except AnswerError as error:
            said = f"With no instance, `ask_all(...)` for {_bodies(count)} and {PATIENCE:.0f} seconds did not return as expected"
            report.part("waiting", False, f"{said}: {error} {slow}")
            return
        if got is None:
            return
        said = f"With no instance, `ask_all(...)` for {_bodies(count)} said {got[0][0]!r} of a body that nobody had answered or refused."
        if not report.part("waiting", all(one == ("waiting", "") for one in got), said):
            return
    _scale(answer.client("sagemaker"), endpoint, 1)
    with contextlib.suppress(AnswerError):  # they are the last in the queue: when both are answered, all before them are
        for _ in range(2):
            _ask_last(answer, endpoint, out)
    came = count_below(s3, out) - before - 2
    said = f"When an instance came, {came} of the bodies were answered, and not each of them: were all sent before any was waited for?"
    if report.part("waiting", came == MANY + 1, said):
        _judge_return(answer, report, endpoint)


def _judge_return(answer: Answer, report: Report, endpoint: str) -> None:
    """Report ``waiting``: whether the function returns as soon as its body has an answer, however many seconds it may take."""
    called = f"With an instance, `ask_all(...)` for one body and {VERY_LONG:,.0f} seconds"
    try:
        got = results(answer, report, endpoint, [line(flight(answer.rng))], VERY_LONG, "waiting")
    except AnswerError as error:
        report.part("waiting", False, f"{called} did not return as expected: {error} Does it return when nothing is waiting?")
        return
    if got is not None:
        said = f"{called} said {got[0][0]!r}, though the instance answers. Does it look until nothing is waiting?"
        report.part("waiting", got[0][0] == "done", said)


def _bodies(count: int) -> str:
    return "one body" if count == 1 else f"{count} bodies"


def _ask_last(answer: Answer, endpoint: str, out: str) -> str:
    bucket, _ = apart(out)
    key = f"checks-m09-1/{answer.token()}.csv"
    answer.client("s3").put_object(Bucket=bucket, Key=key, Body=line(flight(answer.rng)).encode())
    return stored(answer, {"EndpointName": endpoint, "InputLocation": f"s3://{bucket}/{key}", "ContentType": "text/csv"}, good=True)
