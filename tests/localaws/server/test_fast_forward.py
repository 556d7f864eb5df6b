"""`course aws start --fast-forward`: time that clients only wait for passes at once, and no other time does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from course.localaws.core.call import AwsRequest
from course.localaws.core.clock import Clock
from course.localaws.core.scheduler import Scheduler
from course.localaws.server import cli, launch
from course.localaws.server.fast_forward import FastForward
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, until
from tests.localaws.sagemaker.hosting.test_guardrails import Guarded, blue_green, size

BAKE, TERMINATION = 300, 120


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[Guarded]:
    state = tmp_path_factory.mktemp("fast") / "state"
    assert cli.main(["start", "--state", str(state), "--fast-forward"]) == 0
    handle = launch.find(state)
    try:
        yield Guarded(client_factory(handle), handle)
    finally:
        handle.stop()


def ahead(aws: Guarded) -> float:
    """By how many seconds the clock is ahead of the machine's."""
    before = time.time()
    return aws.handle.advance(0) - before


def test_a_canary_passes_at_once_when_clients_only_poll(aws: Guarded) -> None:
    name = aws.endpoint("a")
    assert ahead(aws) < 60
    aws.update(name, "b", blue_green("CANARY", BAKE, TERMINATION, CanarySize=size(50, "CAPACITY_PERCENT")))

    # Traffic: a client that asks after each request how far the deployment is does not only poll.
    message = until(lambda: aws.invoke(name) and (stage := aws.stage(name))[0] == "Baking" and stage[1], "it bakes")
    for _ in range(5):
        aws.invoke(name)
        assert aws.stage(name) == ("Baking", message)
    assert ahead(aws) < 60

    # A job: nothing passes while it runs, however often a client polls, so that its time limit is not reached.
    job = aws.name("sleeper")
    output, resources = {"S3OutputPath": f"s3://{aws.bucket}/out"}, {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    aws.sagemaker.create_training_job(
        TrainingJobName=job,
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": SKLEARN, "TrainingInputMode": "File", "ContainerEntrypoint": ["sleep", "600"]},
        OutputDataConfig=output,
        ResourceConfig=resources,
        StoppingCondition={"MaxRuntimeInSeconds": 200},
    )

    def status() -> str:
        return aws.sagemaker.describe_training_job(TrainingJobName=job)["SecondaryStatus"]

    until(lambda: status() == "Training", "the job runs")
    assert {(status(), aws.stage(name)[0]) for _ in range(20)} == {("Training", "Baking")} and ahead(aws) < 60

    aws.sagemaker.stop_training_job(TrainingJobName=job)
    until(lambda: status() == "Stopped", "the job is stopped")
    assert aws.settled(name)["EndpointStatus"] == "InService"  # within the time that fixtures wait, which is less than that of the canary
    assert aws.answers(name, 4) == {"b": 4}
    assert ahead(aws) >= BAKE + TERMINATION - 60  # a part of the time passed meanwhile
    settled = ahead(aws)
    assert len({aws.described(name)["EndpointStatus"] for _ in range(20)}) == 1
    assert ahead(aws) == pytest.approx(settled, abs=30)  # nothing waits any more, so no minute of metrics passes


class Simulated:
    """A scheduler on a clock whose waits take no time, and requests of one client."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(Clock())
        self.fast_forward = FastForward(self.scheduler, self.advance)
        self.patience = 60.0

    def advance(self, seconds: float) -> None:
        self.scheduler.clock.advance(seconds)
        self.scheduler.run_due(self.patience)

    def ask(self, operation: str, resource: str = "endpoint/a", method: str = "POST") -> None:
        caller = SimpleNamespace(arn="learner")
        call = AwsRequest(SimpleNamespace(method=method), {}, "sagemaker", "us-east-1", caller, "1", None, operation, resource)
        self.fast_forward.answered(call, self.fast_forward.arrived(call))

    def wait(self, seconds: float, working: threading.Event | None = None) -> threading.Thread:
        """A thread of work under way that waits for the clock, and works on after that until an event is set."""

        def work() -> None:
            with self.scheduler.working():
                waiter = self.scheduler.waiter()
                waiter.wait_until(self.scheduler.clock.now() + seconds)
                waiter.close()
                if working:
                    working.wait()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        until(lambda: self.scheduler.awaited() is not None, "the thread waits")
        return thread

    @property
    def passed(self) -> float:
        return self.scheduler.clock.offset


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    made = Simulated()
    yield made
    made.scheduler.shutdown()


@pytest.mark.parametrize(
    "requests",
    [
        ["DescribeEndpoint"],
        ["DescribeEndpoint", "DescribeEndpointConfig", "ListEndpoints"],
        ["DescribeEndpoint", "InvokeEndpoint", "DescribeEndpoint", "PutMetricData", "DescribeEndpoint"],
        ["CreateTrainingJob", "CreateTrainingJob"],
    ],
)
def test_no_time_passes_unless_a_client_asks_the_same_again(simulated: Simulated, requests: list[str]) -> None:
    simulated.wait(300)
    for operation in requests:
        simulated.ask(operation)
    assert not simulated.fast_forward._passing and simulated.passed == 0


@pytest.mark.parametrize(("operation", "method"), [("DescribeEndpoint", "POST"), ("FilterLogEvents", "POST"), ("", "GET")])
def test_two_polls_pass_the_time_and_every_task_runs_at_its_own(simulated: Simulated, operation: str, method: str) -> None:
    seen, start = [], simulated.scheduler.clock.now()
    simulated.scheduler.add(lambda: start + 60 * (len(seen) + 1), seen.append)
    thread = simulated.wait(300)
    simulated.ask("InvokeEndpoint")
    for _ in range(2):
        simulated.ask(operation, method=method)
    thread.join(60)
    assert not thread.is_alive() and 299 < simulated.passed < 301
    assert [round(moment - start) for moment in seen] == [60, 120, 180, 240, 300]


def test_nothing_passes_while_other_work_is_under_way(simulated: Simulated) -> None:
    done = threading.Event()
    simulated.wait(10, done)
    simulated.wait(1000)
    for _ in range(2):
        simulated.ask("DescribeEndpoint")
    until(lambda: simulated.passed > 9, "the first wait is over")
    for _ in range(5):
        simulated.ask("DescribeEndpoint")  # the first thread works now
    until(lambda: not simulated.fast_forward._passing, "it does not go on")
    assert simulated.passed < 11
    done.set()
    until(lambda: simulated.ask("DescribeEndpoint") or simulated.passed > 990, "the second wait is over")


def test_a_task_that_always_fails_does_not_keep_the_clock_busy(simulated: Simulated) -> None:
    def fail(moment: float) -> None:
        raise ValueError("it fails")

    due = simulated.scheduler.clock.now() + 50
    simulated.scheduler.add(lambda: due, fail)
    simulated.patience = 0.1
    simulated.wait(300)
    for _ in range(2):
        simulated.ask("DescribeEndpoint")
    until(lambda: not simulated.fast_forward._passing, "it gives up", limit=30)
    assert 49 < simulated.passed < 51
