"""Runs one Inference Recommender job: a load test of each container, and a benchmark of each instance type.

Log streams are AWS's (`<job>/execution`, `<job>/Endpoint/<endpoint>` in /aws/sagemaker/InferenceRecommendationsJobs: "Log groups and
streams that Amazon SageMaker AI sends to CloudWatch" of the developer guide, read 2026-11-25); their lines are ours. ``ModelLatency`` is
the 95th percentile, because AWS's latency thresholds use it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.data_files import table
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.boxes import JobLog
from course.localaws.jobs.control import JobFailure, ThreadTask
from course.localaws.jobs.runner import JobRunner
from course.localaws.jobs.s3_data import split
from course.localaws.sagemaker.core.failure_reasons import ENDPOINT_NO_CAPACITY
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.hosting.servers import model_data
from course.localaws.sagemaker.hosting.servers.model_server import HostingError, LogTarget, ModelServer
from course.localaws.sagemaker.recommender import metrics
from course.localaws.sagemaker.recommender import model as recommender_model
from course.localaws.sagemaker.recommender.load_test import LoadTest, LoadTestError
from course.localaws.sagemaker.recommender.model import ConditionsNotMet, InstanceEstimate, LoadMeasurement
from course.localaws.sagemaker.recommender.traffic import TABLE, TrafficStep, starts

GROUP = "/aws/sagemaker/InferenceRecommendationsJobs"
MOST_RECOMMENDATIONS = 10
ENDED = ("COMPLETED", "FAILED")  # of steps
LONGEST_REASON = 1024
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"


class RecommendationRun(JobRun):
    """One run of a job."""

    stopping = "STOPPING"

    def __init__(self, runner: JobRunner, engine: ResourceEngine, kind: ResourceKind, context: Context, document: Document) -> None:
        super().__init__(runner, engine, kind, context, document)
        self._plan = document["_plan"]
        self._log = JobLog(self.platform, context.region, GROUP, f"{self.name}/execution")

    def execute(self, folder: Path) -> None:
        self.update(lambda document: {"Status": "IN_PROGRESS"} if document["Status"] == "PENDING" else {})
        steps = [TrafficStep(**step) for step in self._plan["Steps"]]
        target = {"headers": {"Content-Type": self._plan["ContentType"]}, "payloads": self._payloads(folder)}
        self._log(
            [f"{len(target['payloads'])} sample payloads of {self._plan['SamplePayloadUrl']} as {self._plan['ContentType']}", assumptions()]
        )
        for numbers in self._by_container():
            self.job.begin()
            self._benchmark(numbers, steps, target)
        steps = self.engine.get(self.context, self.kind, self.name)["_steps"]
        done = [step["InferenceBenchmark"] for step in steps if step["Status"] == "COMPLETED"]
        recommended = sorted((each for each in done if "Metrics" in each), key=lambda each: each["Metrics"]["CostPerInference"])
        if not recommended:
            failures = [step["InferenceBenchmark"]["FailureReason"] for step in steps if step["Status"] == "FAILED"]
            raise JobFailure(f"No benchmark has a result. {failures[0]}")
        identified = [{"RecommendationId": f"{self.name}/{uuid.uuid4().hex[:8]}"} | each for each in recommended[:MOST_RECOMMENDATIONS]]
        self.update({"InferenceRecommendations": identified} | performances(done))

    def conclude(self, status: str, failure: str) -> None:
        self._log([f"The job has ended: {status.upper()}. {failure}".rstrip()])

    def ended(self, document: Document, status: str, failure: str) -> dict:
        return ended(document, self.engine.now(), status.upper(), failure)

    def _by_container(self) -> Iterable[list[int]]:
        """The benchmarks by number, grouped by container."""
        groups: dict[str, list[int]] = {}
        for number, benchmark in enumerate(self._plan["Benchmarks"]):
            groups.setdefault(json.dumps(benchmark["container"], sort_keys=True), []).append(number)
        return groups.values()

    def _benchmark(self, numbers: Sequence[int], steps: Sequence[TrafficStep], target: dict) -> None:
        """Test one container, and store the result for each instance type."""
        benchmarks = {number: self._plan["Benchmarks"][number] for number in numbers}
        names = {number: benchmark["endpoint"] for number, benchmark in benchmarks.items()}
        first = names[numbers[0]]
        place = LogTarget(self.caller, GROUP, f"{self.name}/Endpoint/{first}")
        variant = {"VariantName": first, "RoleArn": self.document["RoleArn"]}
        server = ModelServer(self.runner, self.context, variant, benchmarks[numbers[0]]["container"], place)
        self._log([f"Load test of {first}, with the environment {json.dumps(benchmarks[numbers[0]]['environment'])}"])
        self._write({number: pending(benchmark) | {"Status": "IN_PROGRESS"} for number, benchmark in benchmarks.items()})
        conditions, failure = self.document.get("StoppingConditions", {}), ""
        stops = conditions.get("FlatInvocations", "Stop") == "Stop"
        moments = starts(self.document["CreationTime"], steps)

        def enough(measured: list[LoadMeasurement]) -> bool:
            return stops and recommender_model.flat(measured)

        test = LoadTest(server, steps, target, enough)
        try:
            self.job.run(lambda: ThreadTask(test.run, test.end))
        except (HostingError, LoadTestError) as error:
            failure = str(error)
        self.job.begin()
        ran = max(len(test.measured) - 1, 0)  # steps, without the warm-up
        times = {"InvocationStartTime": moments[0], "InvocationEndTime": moments[ran]}
        self._log([described(one) for one in test.measured])
        for number, benchmark in benchmarks.items():
            if names[number] != first:
                note = f"[local AWS] No server of its own: modelled for {benchmark['instance_type']} by the load test of {first}."
                JobLog(self.platform, self.context.region, GROUP, f"{self.name}/Endpoint/{names[number]}")([note])
            missing = ENDPOINT_NO_CAPACITY if self.platform.capacity.lacks(benchmark["instance_type"]) else ""
            step = result(benchmark, test.measured, steps, conditions, failure or missing)
            step["InferenceBenchmark"] |= times
            self._log([json.dumps({"Status": step["Status"]} | step["InferenceBenchmark"])])
            self.platform.metrics.put_data(self.context.region, metrics.data(self.name, benchmark, test.measured, steps[:ran], moments))
            self._write({number: step})

    def _payloads(self, folder: Path) -> list[str]:
        """The files of the sample payload's archive, read with the permissions of the job's role."""
        url = self._plan["SamplePayloadUrl"]
        payloads = folder / "payloads"
        try:
            model_data.fetch_one(self.data, url, payloads)
        except HostingError as error:
            raise JobFailure(f"The sample payload cannot be read. {error}") from error
        files = sorted(str(path) for path in payloads.rglob("*") if path.is_file())
        if not files:
            raise JobFailure(f"The archive of sample payloads holds no file: {split(url)[1]}.")
        return files

    def _write(self, steps: dict[int, dict]) -> None:
        """Replace steps of the job, by number."""
        self.update(lambda document: {"_steps": [steps.get(number, step) for number, step in enumerate(document["_steps"])]})


def pending(benchmark: dict) -> dict:
    """A step of the job before its load test."""
    endpoint = {"EndpointName": benchmark["endpoint"], "VariantName": benchmark["variant"]}
    endpoint |= {"InstanceType": benchmark["instance_type"], "InitialInstanceCount": 1}
    model = configuration(benchmark, benchmark["environment"])
    return {"Status": "PENDING", "InferenceBenchmark": {"EndpointConfiguration": endpoint, "ModelConfiguration": model}}


def result(benchmark: dict, measured: Sequence[LoadMeasurement], steps: Sequence[TrafficStep], conditions: dict, failure: str) -> dict:
    """A step of the job after its load test: the estimate for the instance type, or its FailureReason."""
    instance_type, shown = benchmark["instance_type"], pending(benchmark)["InferenceBenchmark"]
    try:
        reached = None if failure else recommender_model.best(instance_type, measured, steps, conditions)
    except ConditionsNotMet as error:
        reached, failure = None, str(error)
    if reached is None:
        return {"Status": "FAILED", "InferenceBenchmark": shown | {"FailureReason": failure}}
    environment = {WORKERS: str(recommender_model.servers(instance_type, measured))} | benchmark["environment"]
    figures = results(instance_type, reached)
    if benchmark["existing"]:
        shown |= {"EndpointMetrics": {member: figures[member] for member in ("MaxInvocations", "ModelLatency")}}
    else:
        shown |= {"ModelConfiguration": configuration(benchmark, environment), "Metrics": figures}
    return {"Status": "COMPLETED", "InferenceBenchmark": shown}


def performances(done: Sequence[dict]) -> dict:
    """The ``EndpointPerformances`` of completed benchmarks; empty if the job named no existing endpoint."""
    found = [
        {"Metrics": each["EndpointMetrics"], "EndpointInfo": {"EndpointName": each["EndpointConfiguration"]["EndpointName"]}}
        for each in done
        if "EndpointMetrics" in each
    ]
    return {"EndpointPerformances": found} if found else {}


def ended(document: Document, now: float, status: str, failure: str) -> dict:
    """The members that change when a job ends, with the steps that did not run."""
    steps = [step if step["Status"] in ENDED else step | {"Status": status} for step in document["_steps"]]
    changes = {"Status": status, "CompletionTime": now, "_steps": steps}
    return changes | ({"FailureReason": failure[:LONGEST_REASON]} if failure else {})


def configuration(benchmark: dict, environment: dict[str, str]) -> dict:
    """The ``ModelConfiguration`` of a benchmark."""
    parameters = [{"Key": key, "ValueType": "String", "Value": value} for key, value in environment.items()]
    named = {"InferenceSpecificationName": benchmark["specification"]} if benchmark["specification"] else {}
    return named | ({"EnvironmentParameters": parameters} if parameters else {})


def results(instance_type: str, reached: InstanceEstimate) -> dict:
    """The ``Metrics`` of a benchmark."""
    price, invocations = recommender_model.price(instance_type), max(1, round(reached.rate))
    return {
        "CostPerHour": price,
        "CostPerInference": price / 60 / invocations,
        "MaxInvocations": invocations,
        "ModelLatency": max(1, round(reached.latency["P95"])),
        "CpuUtilization": reached.cpu,
        "MemoryUtilization": reached.memory,
    }


def described(one: LoadMeasurement) -> str:
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
