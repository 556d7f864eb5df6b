"""The work of one Inference Recommender job: a load test of each container that it names, and a benchmark of each instance type.

Log streams are AWS's (`<job>/execution`, `<job>/Endpoint/<endpoint>` in /aws/sagemaker/InferenceRecommendationsJobs: "Log groups and
streams that Amazon SageMaker AI sends to CloudWatch" of the developer guide, read 2026-11-25); what they say is not. ``ModelLatency`` is
the 95th percentile, which AWS's latency thresholds are about.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from course.localaws.errors import AwsError
from course.localaws.sagemaker import model_data, recommender_model
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.engine import Document, Engine, Kind
from course.localaws.sagemaker.hosting import HostingError, ModelServer, Place
from course.localaws.sagemaker.job_data import JobData, split
from course.localaws.sagemaker.job_runner import Abandoned, Job, JobLog, JobRunner, StoppedEarly, internal_error, persist
from course.localaws.sagemaker.load_test import LoadError, LoadTest
from course.localaws.sagemaker.recommender_model import Measured, Rated, Unfit
from course.localaws.sagemaker.recommender_traffic import TABLE, Step
from course.localaws.tables import table

GROUP = "/aws/sagemaker/InferenceRecommendationsJobs"
MOST_RECOMMENDATIONS = 10
ENDED = ("COMPLETED", "FAILED")  # of steps
LONGEST_REASON = 1024
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"
logger = logging.getLogger(__name__)


class NoResult(Exception):
    """The job fails; the message is its ``FailureReason``."""


class RecommendationRun:
    """What a thread does for a job."""

    def __init__(self, runner: JobRunner, engine: Engine, kind: Kind, context: Context, name: str) -> None:
        self._runner, self._engine, self._kind, self._context, self._name = runner, engine, kind, context, name
        self._document = engine.get(context, kind, name)
        self._plan = self._document["_plan"]
        self._caller = f"{kind.arn}/{name}"
        self._log = JobLog(runner.platform, context.region, GROUP, f"{name}/execution")

    def __call__(self, job: Job) -> None:
        self._job, failure = job, ""
        try:
            if self._engine.get(self._context, self._kind, self._name)["Status"] == "STOPPING":
                job.stop("Stopped")  # asked between its creation and its submission
            job.begin()
            self._update(lambda document: {"Status": "IN_PROGRESS"} if document["Status"] == "PENDING" else {})
            with self._runner.directory() as folder:
                self._work(folder)
        except StoppedEarly:
            pass
        except (NoResult, AwsError) as error:
            failure = str(error)
        except Abandoned:
            raise
        except Exception as error:
            job.check()
            logger.exception("%s", self._caller)
            failure = internal_error(error)
        job.check()
        status = "FAILED" if failure else "STOPPED" if job.stopped_by else "COMPLETED"
        reason = {"FailureReason": failure[:LONGEST_REASON]} if failure else {}
        self._log([f"The job has ended: {status}. {failure}".rstrip()])

        changes = {"Status": status, "CompletionTime": self._engine.now()} | reason
        persist(lambda: self._update(lambda document: changes | {"_steps": ended(document, status)}))

    def _work(self, folder: Path) -> None:
        steps = [Step(**step) for step in self._plan["Steps"]]
        target = {"headers": {"Content-Type": self._plan["ContentType"]}, "payloads": self._payloads(folder)}
        self._log(
            [f"{len(target['payloads'])} sample payloads of {self._plan['SamplePayloadUrl']} as {self._plan['ContentType']}", assumptions()]
        )
        for numbers in self._together():
            self._job.begin()
            self._benchmark(numbers, steps, target)
        benchmarks = self._engine.get(self._context, self._kind, self._name)["_steps"]
        done = [step for step in benchmarks if step["Status"] == "COMPLETED"]
        if not done:
            raise NoResult(f"No benchmark has a result. {benchmarks[0]['InferenceBenchmark']['FailureReason']}")
        done.sort(key=lambda step: step["InferenceBenchmark"]["Metrics"]["CostPerInference"])
        recommendations = [
            {"RecommendationId": f"{self._name}/{uuid.uuid4().hex[:8]}"} | step["InferenceBenchmark"]
            for step in done[:MOST_RECOMMENDATIONS]
        ]
        self._update({"InferenceRecommendations": recommendations})

    def _together(self) -> Iterator[list[int]]:
        """The benchmarks by their numbers, those of the same container together."""
        groups: dict[str, list[int]] = {}
        for number, benchmark in enumerate(self._plan["Benchmarks"]):
            groups.setdefault(json.dumps(benchmark["container"], sort_keys=True), []).append(number)
        yield from groups.values()

    def _benchmark(self, numbers: Sequence[int], steps: Sequence[Step], target: dict) -> None:
        """Test one container, and write down what that says of each instance type."""
        benchmarks = {number: self._plan["Benchmarks"][number] for number in numbers}
        names = {number: benchmark["endpoint"] for number, benchmark in benchmarks.items()}
        first = names[numbers[0]]
        place = Place(self._caller, GROUP, f"{self._name}/Endpoint/{first}")
        variant = {"VariantName": first, "RoleArn": self._document["RoleArn"]}
        server = ModelServer(self._runner, self._context, variant, benchmarks[numbers[0]]["container"], place)
        self._log([f"Load test of {first}, with the environment {json.dumps(benchmarks[numbers[0]]['environment'])}"])
        self._write({number: pending(benchmark) | {"Status": "IN_PROGRESS"} for number, benchmark in benchmarks.items()})
        conditions, failure = self._document.get("StoppingConditions", {}), ""
        stops = conditions.get("FlatInvocations", "Stop") == "Stop"
        began = self._engine.now()
        test = LoadTest(server, steps, target, lambda measured: stops and recommender_model.flat(measured))
        try:
            self._job.run(test.begin)
        except (HostingError, LoadError) as error:
            failure = str(error)
        self._job.begin()
        times = {"InvocationStartTime": began, "InvocationEndTime": self._engine.now()}
        self._log([described(one) for one in test.measured])
        for number, benchmark in benchmarks.items():
            if names[number] != first:
                note = f"[local AWS] No server of its own: modelled for {benchmark['instance_type']} by the load test of {first}."
                JobLog(self._runner.platform, self._context.region, GROUP, f"{self._name}/Endpoint/{names[number]}")([note])
            step = result(benchmark, test.measured, steps, conditions, failure)
            step["InferenceBenchmark"] |= times
            self._log([json.dumps({"Status": step["Status"]} | step["InferenceBenchmark"])])
            self._write({number: step})

    def _payloads(self, folder: Path) -> list[str]:
        """The files of the sample payload's archive, with the rights of the job's role."""
        url = self._plan["SamplePayloadUrl"]
        payloads = folder / "payloads"
        try:
            data = JobData(self._runner.platform, self._caller, self._document["RoleArn"])
            model_data.fetch_one(data, url, payloads)
        except HostingError as error:
            raise NoResult(f"The sample payload cannot be read. {error}") from error
        files = sorted(str(path) for path in payloads.rglob("*") if path.is_file())
        if not files:
            raise NoResult(f"The archive of sample payloads holds no file: {split(url)[1]}.")
        return files

    def _write(self, steps: dict[int, dict]) -> None:
        """Replace steps of the job by their numbers."""
        self._update(lambda document: {"_steps": [steps.get(number, step) for number, step in enumerate(document["_steps"])]})

    def _update(self, changes: object) -> Document:
        """Change the job's document; ends the work when there is none any more, since everything was reset."""
        try:
            return self._engine.update(self._context, self._kind, self._name, changes)
        except AwsError as error:
            self._job.abandoned = True
            raise Abandoned from error


def pending(benchmark: dict) -> dict:
    """A step of the job before its load test."""
    name = benchmark["endpoint"]
    endpoint = {"EndpointName": name, "VariantName": name, "InstanceType": benchmark["instance_type"], "InitialInstanceCount": 1}
    model = configuration(benchmark, benchmark["environment"])
    return {"Status": "PENDING", "InferenceBenchmark": {"EndpointConfiguration": endpoint, "ModelConfiguration": model}}


def result(benchmark: dict, measured: Sequence[Measured], steps: Sequence[Step], conditions: dict, failure: str) -> dict:
    """A step of the job after its load test: what the instance type makes of what was measured, or why it makes nothing."""
    instance_type, told = benchmark["instance_type"], pending(benchmark)["InferenceBenchmark"]
    try:
        reached = None if failure else recommender_model.best(instance_type, measured, steps, conditions)
    except Unfit as error:
        reached, failure = None, str(error)
    if reached is None:
        return {"Status": "FAILED", "InferenceBenchmark": told | {"FailureReason": failure}}
    environment = {WORKERS: str(recommender_model.servers(instance_type, measured))} | benchmark["environment"]
    told |= {"ModelConfiguration": configuration(benchmark, environment), "Metrics": metrics(instance_type, reached)}
    return {"Status": "COMPLETED", "InferenceBenchmark": told}


def ended(document: Document, status: str) -> list[dict]:
    """The steps of a job that ends so, with those that it has not come to."""
    return [step if step["Status"] in ENDED else step | {"Status": status} for step in document["_steps"]]


def configuration(benchmark: dict, environment: dict[str, str]) -> dict:
    """The ``ModelConfiguration`` of a benchmark."""
    parameters = [{"Key": key, "ValueType": "String", "Value": value} for key, value in environment.items()]
    named = {"InferenceSpecificationName": benchmark["specification"]} if benchmark["specification"] else {}
    return named | ({"EnvironmentParameters": parameters} if parameters else {})


def metrics(instance_type: str, reached: Rated) -> dict:
    price, invocations = recommender_model.price(instance_type), max(1, round(reached.rate))
    return {
        "CostPerHour": price,
        "CostPerInference": price / 60 / invocations,
        "MaxInvocations": invocations,
        "ModelLatency": max(1, round(reached.latency["P95"])),
        "CpuUtilization": reached.cpu,
        "MemoryUtilization": reached.memory,
    }


def described(one: Measured) -> str:
    waits = ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in one.latency.items())
    return (
        f"Measured: {one.users} users, {one.rate * 60:.0f} invocations a minute, latency {waits}, {one.cores:.2f} cores, "
        f"{one.memory / (1 << 20):.0f} MiB"
    )


def assumptions() -> str:
    known = table(TABLE)
    return (
        "[local AWS] Measured is one model server on this machine. What is said of an instance type is modelled from that: a server for "
        f"each vCPU, as fast as the type's clock against that of {known['reference']}; prices of us-east-1, {known['date']}. "
        f"A minute of the traffic pattern takes {60 / known['traffic_seconds_a_second']:g} s."
    )
