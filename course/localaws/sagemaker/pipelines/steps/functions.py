"""Lambda steps: they invoke a function, each in a thread of its own, and wait for its answer.

Source: "Lambda step" of the developer guide, `sagemaker.mlops.workflow.lambda_step`; read 2026-11-28. A function is invoked at most once:
if the local AWS stops before the answer, the answer is lost, and the step fails. The texts of the failures are ours.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from course.localaws.sagemaker.pipelines.language.expressions import resolve, text
from course.localaws.sagemaker.pipelines.steps import failures, outputs
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType

LONGEST = 600  # seconds that a step waits for its function


class LambdaStep(StepType):
    """Invokes a function with the step's arguments."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}  # by the name of the attempt

    def start(self, attempt: Attempt, arguments: dict) -> None:
        function = text(resolve(attempt.step.document["FunctionArn"], attempt.scope))
        self._calls[attempt.name] = Call(attempt.client("lambda"), function, arguments)
        attempt.metadata["Lambda"] = {"Arn": function}

    def check(self, attempt: Attempt) -> Outcome | None:
        # The call begins only now, when the step's document says that it has started: so a crash never leads to a second call.
        call = self._calls.get(attempt.name)
        if call is None:
            return Outcome("Failed", failures.LOST)
        call.begin()
        if not call.ended:
            return self._waiting(attempt, call)
        del self._calls[attempt.name]
        if isinstance(call.result, ClientError):
            raise call.result
        if isinstance(call.result, Exception):
            return Outcome("Failed", f"InternalServerError: {call.result}")
        return _finished(attempt, *call.result)

    def properties(self, attempt: Attempt) -> object:
        return {"OutputParameters": outputs.typed(attempt.step, attempt.metadata["Lambda"].get("OutputParameters", ()))}

    def _waiting(self, attempt: Attempt, call: Call) -> Outcome | None:
        if call.seconds < LONGEST:
            return None
        del self._calls[attempt.name]
        return Outcome("Failed", f"ClientError: The Lambda function {call.function} did not finish within {LONGEST} seconds.")


class Call:
    """One invocation of a function, in its own thread.

    Attributes
    ----------
    function : str
    result : (bytes, bool), Exception or None
        The answer, and whether it is an error of the function; or why there is no answer.
    """

    def __init__(self, client: Any, function: str, arguments: dict) -> None:
        self._client, self.function, self._arguments = client, function, arguments
        self._thread: threading.Thread | None = None
        self.result: Any = None

    @property
    def ended(self) -> bool:
        return self.result is not None

    @property
    def seconds(self) -> float:
        """The time since it began."""
        return time.monotonic() - self._began

    def begin(self) -> None:
        """Begin the call if it is not under way."""
        if self.result is None and (self._thread is None or not self._thread.is_alive()):
            self._began = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="lambda-step", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            answer = self._client.invoke(FunctionName=self.function, Payload=json.dumps(self._arguments).encode())
            self.result = answer["Payload"].read(), "FunctionError" in answer
        except EndpointConnectionError:
            time.sleep(0.1)  # the gateway is not open yet, so nothing was sent; the next check begins again
        except (ClientError, BotoCoreError) as error:
            self.result = error


def _finished(attempt: Attempt, payload: bytes, failed: bool) -> Outcome:
    answer = json.loads(payload or b"null")
    if failed:
        error = answer if isinstance(answer, dict) else {"errorMessage": text(answer)}
        reason = ": ".join(str(error[member]) for member in ("errorType", "errorMessage") if error.get(member))
        return Outcome("Failed", f"ClientError: The Lambda function {attempt.metadata['Lambda']['Arn']} failed. {reason}")
    attempt.metadata["Lambda"]["OutputParameters"] = outputs.listed(attempt.step, answer if isinstance(answer, dict) else {})
    return SUCCEEDED


TYPES = {"Lambda": LambdaStep()}
