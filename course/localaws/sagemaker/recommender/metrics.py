"""CloudWatch metrics of a job's load tests, for each benchmark and each minute of its traffic.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" of the developer guide ("Inference Recommender metrics", endpoint metrics), and
how AWS's sagemaker-inference-recommender/tensorflow-cloudwatch/cloudwatch.py of aws/amazon-sagemaker-examples reads them: from the job's
CreationTime to its LastModifiedTime. Read 2026-11-28. The minutes are those of the traffic pattern (`traffic.starts`).
The values are those estimated for the instance type (`model`). Overhead and disk are not measured, so they have no metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.sagemaker.core import instance_types
from course.localaws.sagemaker.hosting.runtime.metrics import INSTANCES, NAMESPACE
from course.localaws.sagemaker.recommender import model as recommender_model
from course.localaws.sagemaker.recommender.model import InstanceEstimate, LoadMeasurement
from course.localaws.sagemaker.recommender.traffic import MINUTE, TrafficStep

CLIENT = "/aws/sagemaker/InferenceRecommendationsJobs"
# Only three percentiles of a latency are estimated. These shares of the requests give CloudWatch's p50, p95 and p99 these values.
SHARES = {"P50": 0.9, "P95": 0.075, "P99": 0.025}


def data(
    job: str, benchmark: dict, measured: Sequence[LoadMeasurement], steps: Sequence[TrafficStep], moments: Sequence[float]
) -> list[MetricDatum]:
    """The data of one benchmark.

    Parameters
    ----------
    job : str
        The job's name.
    benchmark : dict
        A `checks.Benchmark` as JSON.
    measured : sequence of LoadMeasurement
        All of the load test, of which the first warmed the server up.
    steps : sequence of TrafficStep
        What was measured after the first measurement.
    moments : sequence of float
        When each step begins in the job's time, in Unix seconds.
    """
    found, instance_type = [], benchmark["instance_type"]
    for step, moment in zip(steps, moments, strict=False):
        estimate = recommender_model.rated(instance_type, measured, step.users)
        client = {"JobName": job, "EndpointName": benchmark["endpoint"]}
        found += _minute(CLIENT, client, _client(estimate, step), moment)
        if not benchmark["existing"]:
            own = {"EndpointName": benchmark["endpoint"], "VariantName": benchmark["variant"]}
            found += _minute(NAMESPACE, own, _invocations(estimate, step), moment)
            found += _minute(INSTANCES, own, _usage(estimate, instance_type), moment)
    return found


Values = dict[str, tuple[str, list[tuple[float, float]]]]  # by metric: its unit, and pairs of value and count


def _minute(namespace: str, dimensions: dict[str, str], values: Values, moment: float) -> list[MetricDatum]:
    return [observed(namespace, name, pairs, dimensions, unit, moment) for name, (unit, pairs) in values.items()]


def _client(estimate: InstanceEstimate, step: TrafficStep) -> Values:
    requests = _requests(estimate, step)
    return {
        "ClientInvocations": ("None", [(1, requests)]),
        "ClientInvocationErrors": ("None", [(0, requests)]),
        "ClientLatency": ("Milliseconds", _latencies(estimate, requests, 1)),
        "NumberOfUsers": ("None", [(step.users, 1)]),
    }


def _invocations(estimate: InstanceEstimate, step: TrafficStep) -> Values:
    requests = _requests(estimate, step)
    return {
        **{name: ("None", [(1, requests)]) for name in ("Invocations", "InvocationsPerInstance")},
        **{name: ("None", [(0, requests)]) for name in ("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")},
        "ModelLatency": ("Microseconds", _latencies(estimate, requests, 1000)),
    }


def _usage(estimate: InstanceEstimate, instance_type: str) -> Values:
    """CPUUtilization is 100 for each busy vCPU."""
    cpu = estimate.cpu * instance_types.vcpus(instance_type)
    return {"CPUUtilization": ("Percent", [(cpu, 1)]), "MemoryUtilization": ("Percent", [(estimate.memory, 1)])}


def _requests(estimate: InstanceEstimate, step: TrafficStep) -> int:
    return max(1, round(estimate.rate * step.seconds / MINUTE))


def _latencies(estimate: InstanceEstimate, requests: int, factor: float) -> list[tuple[float, float]]:
    return [(estimate.latency[name] * factor, requests * share) for name, share in SHARES.items()]
