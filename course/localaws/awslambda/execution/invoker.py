"""One invocation: an environment answers it, its log group gets the lines that AWS writes, CloudWatch gets its metrics.

The lines are those of "Understanding the Lambda Python log", developer guide, and of recorded logs. Each is one event, with its line end.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from course.localaws.awslambda.aliases import chosen_version
from course.localaws.awslambda.execution.environment import Answer, ExecutionEnvironment, described
from course.localaws.awslambda.execution.pool import EnvironmentPool
from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.names import FunctionReference
from course.localaws.awslambda.store import Function
from course.localaws.billing.usage import Item
from course.localaws.cloudwatch.metrics.store import observed
from course.localaws.core.errors import AwsError
from course.localaws.jobs.control import ServerShuttingDown
from course.localaws.platform import Platform

NAMESPACE = "AWS/Lambda"


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The end of one invocation.

    Attributes
    ----------
    payload : bytes
        What the handler returned, as JSON; for an error ``{"errorMessage", "errorType", ...}``.
    function_error : str
        ``"Unhandled"`` when the function failed, else ``""``.
    version : str
        The version that ran.
    log : bytes
        The last 4 KB of its log.
    """

    payload: bytes
    function_error: str
    version: str
    log: bytes


class Invoker:
    """Runs functions. Methods may be called from any thread, and wait until the function has answered."""

    def __init__(self, platform: Platform, pool: EnvironmentPool) -> None:
        self._platform, self._pool = platform, pool

    def invoke(
        self, wanted: FunctionReference, function: Function, payload: bytes, request_id: str, client_context: str = ""
    ) -> InvocationResult:
        """Invoke a function with an event.

        Parameters
        ----------
        wanted : FunctionReference
            The function as the caller named it.
        payload : bytes
            The event as JSON.
        client_context : str
            Base 64, as in a request.

        Raises
        ------
        AwsError
            ``TooManyRequestsException``, or ``ServiceException`` when the local AWS is stopping.
        """
        version = chosen_version(function, wanted.qualifier)
        configuration = function.versions[version]
        request = {"id": request_id, "arn": wanted.arn, "client_context": client_context}
        try:
            with self._pool.lent(replace(wanted, qualifier=version), configuration) as environment:
                run = _Run(self._platform, environment, configuration)
                answer, milliseconds = run.answer(request, payload)
                self._meter(wanted, configuration["MemorySize"], run.billed(milliseconds))
        except ServerShuttingDown:
            raise AwsError("ServiceException", "The local AWS is stopping.", 500, Type="Service") from None
        except AwsError as error:
            if error.code == "TooManyRequestsException":
                self._measure(wanted, {"Throttles": (1.0, "Count")})
            raise
        errors = float(answer.failed)
        self._measure(wanted, {"Invocations": (1.0, "Count"), "Errors": (errors, "Count"), "Duration": (milliseconds, "Milliseconds")})
        return InvocationResult(answer.payload, "Unhandled" if answer.failed else "", version, run.tail())

    def _meter(self, function: FunctionReference, memory: int, billed: int) -> None:
        """Count an invocation for the bill: a request, and gigabyte-seconds of the memory (in MB) by billed milliseconds."""
        item = partial(Item, "AWSLambda", operation="Invoke", region=function.region, resource=replace(function, qualifier="").arn)
        self._platform.usage.count(item(usage_type="Request"))
        self._platform.usage.count(item(usage_type="Lambda-GB-Second"), memory / 1024 * billed / 1000)

    def _measure(self, function: FunctionReference, metrics: dict[str, tuple[float, str]]) -> None:
        now = self._platform.clock.now()
        dimensions = ({}, {"FunctionName": function.name})
        self._platform.metrics.put_data(
            function.region,
            [observed(NAMESPACE, name, [(value, 1.0)], of, unit, now) for name, (value, unit) in metrics.items() for of in dimensions],
        )


class _Run:
    """The run of one invocation in its environment, with its log."""

    def __init__(self, platform: Platform, environment: ExecutionEnvironment, configuration: dict) -> None:
        self._platform, self._environment, self._configuration = platform, environment, configuration
        self._place = (environment.function.region, configuration["LoggingConfig"]["LogGroup"], environment.stream)
        self._kept: list[str] = []
        self._size = 0
        self._init = 0.0  # milliseconds; 0 when the environment was warm

    def answer(self, request: dict, payload: bytes) -> tuple[Answer, float]:
        """The answer, and how many milliseconds the handler took."""
        answer = self._start(request["id"]) if self._environment.cold else Answer()
        begun = time.monotonic()
        if not answer.status:
            self._write([f"START RequestId: {request['id']} Version: {self._environment.function.qualifier}"])
            answer = self._environment.invoke(request, payload, self._configuration["Timeout"], self._write)
        milliseconds = (time.monotonic() - begun) * 1000
        if answer.status == "timeout":
            moment = datetime.fromtimestamp(self._platform.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
            self._write([f"{moment}Z {request['id']} Task timed out after {self._configuration['Timeout']:.2f} seconds\r"])
            milliseconds = self._configuration["Timeout"] * 1000.0
        elif answer.status == "error" and answer.error_type in ("Runtime.ExitError", "Runtime.OutOfMemory"):
            self._write([f"{described(answer.payload, 'errorMessage')}\r{answer.error_type}"])
        self._write([f"END RequestId: {request['id']}", self._report(request["id"], answer, milliseconds)])
        return answer, milliseconds

    def tail(self) -> bytes:
        """The end of this invocation's log."""
        return "".join(self._kept).encode()[-limit("tail") :]

    def billed(self, milliseconds: float) -> int:
        """The milliseconds that AWS bills for a handler's milliseconds."""
        return max(1, math.ceil(milliseconds + self._init))

    def _start(self, request_id: str) -> Answer:
        """Start the environment. What the function prints meanwhile comes before START, unless the start fails."""
        printed: list[str] = []
        begun = time.monotonic()
        answer = self._environment.start(limit("init") + self._configuration["Timeout"], printed.extend, request_id)
        self._init = (time.monotonic() - begun) * 1000
        if answer.status:
            self._write([f"START RequestId: {request_id} Version: {self._environment.function.qualifier}"])
        self._write(printed)
        return answer

    def _report(self, request_id: str, answer: Answer, milliseconds: float) -> str:
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {self.billed(milliseconds)} ms",
            f"Memory Size: {self._configuration['MemorySize']} MB",
            f"Max Memory Used: {min(-(-answer.memory >> 20), self._configuration['MemorySize'])} MB",
        ]
        parts += [f"Init Duration: {self._init:.2f} ms"] if self._init else []
        parts += [f"Status: {answer.status}"] if answer.status else []
        parts += [f"Error Type: {answer.error_type}"] if answer.error_type else []
        return "\t".join([*parts, ""])

    def _write(self, lines: list[str]) -> None:
        """Write lines to the log. A line may have several lines of text, separated by carriage returns, as AWS's runtime writes them."""
        if not lines:
            return
        now = self._platform.logs.now()
        texts = [line.replace("\r", "\n") + "\n" for line in lines]
        self._platform.logs.append(*self._place, [(now, text) for text in texts])
        self._kept += texts
        self._size += sum(map(len, texts))
        while self._size - len(self._kept[0]) > limit("tail"):
            self._size -= len(self._kept.pop(0))
