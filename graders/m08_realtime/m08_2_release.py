"""Releases of new models, replayed minute by minute: what their alarms see, and when the deployment is rolled back.

What it simplifies: a minute's data are there when it is over, and an alarm looks at the periods that end there. Alarms are plain ones,
of one metric of an endpoint's variant.
"""

import math
import random
from functools import lru_cache
from typing import Any

MOST_MINUTES = 60
SHOWS_WITHIN = 8  # minutes: whatever is wrong with a model has shown by then
BAD = ("client", "server", "slow")
GOOD = ("same", "hiccup", "pause", "faster")
METRICS = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors", "ModelLatency")
STATISTICS = ("Average", "Sum", "Maximum", "Minimum", "SampleCount")
COMPARE = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


class NotReplayed(Exception):
    """An alarm or a deployment that the replay does not know; the message says what."""


def release(rng: random.Random) -> dict:
    """What is known of an endpoint before its model is replaced."""
    token = f"{rng.getrandbits(24):06x}"
    rate = rng.randint(250, 900)
    median = rng.uniform(20, 400)
    return {
        "endpoint": f"late-flights-{token}",
        "variant": rng.choice(["Live", "Main", "AllTraffic"]),
        "config": f"late-flights-{token}-{rng.randint(100, 999)}",
        "requests_per_minute": rate,
        "usual": {
            "client_errors": round(rng.uniform(0.005, 0.03), 4),
            "server_errors": round(rng.uniform(0, 0.004), 4),
            "p50_ms": round(median, 1),
            "p90_ms": round(median * 1.9, 1),
        },
        "most_hurt": round(rate * rng.uniform(0.25, 0.95)),
        "minutes": rng.randint(25, 55),
    }


def fate(rng: random.Random, kind: str) -> dict:
    """How a new model of a kind behaves: from which minute on something is wrong, and how wrong."""
    begins = rng.choice([0, 0, rng.randint(2, SHOWS_WITHIN)])
    return {"kind": kind, "begins": begins, "share": rng.uniform(0.35, 1.0), "factor": rng.uniform(4, 9), "seed": rng.getrandbits(32)}


def outcome(release: dict, given: dict, fate: dict) -> dict:
    """What becomes of a release: ``rolled_back`` (the minute, or None), ``alarm`` (its name), ``hurt`` (requests), ``minutes`` (it took).

    Raises `NotReplayed`, and KeyError for an alarm or a deployment without what AWS asks for.
    """
    rng = random.Random(fate["seed"])
    stages, watched = plan(given["deployment"])
    alarms = [alarm for alarm in given["alarms"] if alarm["AlarmName"] in watched]
    old = [_minute(rng, release, 1.0, None, 0) for _ in range(10)]
    new: list[dict] = [_nothing() for _ in old]
    hurt, minute = 0, 0
    for share, seconds in stages:
        for _ in range(math.ceil(seconds / 60)):
            old.append(_minute(rng, release, 1 - share, None, minute, fate))
            new.append(_minute(rng, release, share, fate, minute, fate))
            hurt += new[-1]["hurt"]
            minute += 1
            tripped = next((alarm["AlarmName"] for alarm in alarms if in_alarm(alarm, release, old, new)), None)
            if tripped:
                return {"rolled_back": minute, "alarm": tripped, "hurt": hurt, "minutes": minute}
    if not any(stage[1] for stage in stages):  # nobody watched
        hurt += _minute(rng, release, 1.0, fate, SHOWS_WITHIN, fate)["hurt"] * 10
    return {"rolled_back": None, "alarm": "", "hurt": hurt, "minutes": minute}


def plan(deployment: dict) -> tuple[list[tuple[float, int]], set[str]]:
    """The stages of a deployment, each with the new model's share of the traffic and seconds; and the names of the alarms that it heeds."""
    watched = {alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])}
    if "BlueGreenUpdatePolicy" not in deployment:
        raise NotReplayed("a deployment without BlueGreenUpdatePolicy")
    policy = deployment["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    wait, end = routing["WaitIntervalInSeconds"], policy.get("TerminationWaitInSeconds", 0)
    if routing["Type"] == "ALL_AT_ONCE":
        return [(1.0, end)], watched
    size = routing["CanarySize" if routing["Type"] == "CANARY" else "LinearStepSize"]
    if size["Type"] != "CAPACITY_PERCENT":
        raise NotReplayed(f"a size of the type {size['Type']}")
    step = size["Value"] / 100
    if routing["Type"] == "CANARY":
        return [(step, wait), (1.0, end)], watched
    return [(step * number, wait) for number in range(1, math.ceil(1 / step - 1e-9))] + [(1.0, end)], watched


def _nothing() -> dict:
    return {"Invocations": 0, "Invocation4XXErrors": 0, "Invocation5XXErrors": 0, "ModelLatency": (0, 0.0, 0), "hurt": 0}


def _minute(rng: random.Random, release: dict, share: float, own: dict | None, minute: int, fate: dict | None = None) -> dict:
    """What a fleet with a share of the traffic does in a minute; ``own`` is the fate of its model, ``fate`` that of the release."""
    usual, kind = release["usual"], own["kind"] if own else "same"
    if fate and fate["kind"] == "pause" and 5 <= minute <= 9:
        return _nothing()
    rate = release["requests_per_minute"] * share
    requests = max(0, round(rng.gauss(rate, math.sqrt(rate)))) if rate else 0
    client, server, factor = usual["client_errors"], usual["server_errors"], 1.0
    wrong = own is not None and minute >= own["begins"]
    if kind == "client" and wrong:
        client += (1 - client) * own["share"]
    elif kind == "server" and wrong:
        server += (1 - server) * own["share"]
    elif kind == "slow" and wrong:
        factor = own["factor"]
    elif kind == "faster":
        factor = 0.6
    elif kind == "hiccup" and own and minute in (own["begins"], own["begins"] + 6):
        server, factor = 0.45, own["factor"]
    refused = sum(rng.random() < client for _ in range(requests))
    failed = sum(rng.random() < server for _ in range(requests - refused))
    hurt = {"client": refused, "server": failed, "slow": requests}.get(kind, 0) if wrong else 0
    return {
        "Invocations": requests,
        "Invocation4XXErrors": refused,
        "Invocation5XXErrors": failed,
        "ModelLatency": (requests, 1000 * usual["p50_ms"] * factor, rng.getrandbits(32)),
        "hurt": hurt,
    }


def in_alarm(alarm: dict, release: dict, old: list[dict], new: list[dict]) -> bool:
    """Whether an alarm is in ALARM now."""
    period, number = alarm["Period"] // 60, alarm["EvaluationPeriods"]
    wanted = alarm.get("DatapointsToAlarm", number)
    missing = {"breaching": True, "notBreaching": False}.get(alarm.get("TreatMissingData", "missing"))
    compare, breaches = COMPARE[alarm["ComparisonOperator"]], 0
    for back in range(number):
        end = len(old) - back * period
        value = _value(alarm, release, old[max(0, end - period) : end], new[max(0, end - period) : end]) if end > 0 else None
        breaches += bool(missing if value is None else compare(value, alarm["Threshold"]))
    return breaches >= wanted


def _value(alarm: dict, release: dict, old: list[dict], new: list[dict]) -> float | None:
    """The metric of one period; None when there is none."""
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    both = {"EndpointName": release["endpoint"], "VariantName": release["variant"]}
    if dimensions == both:
        minutes = [*old, *new]
    elif dimensions == both | {"EndpointConfigName": release["config"]}:
        minutes = new
    else:
        return None
    requests = sum(minute["Invocations"] for minute in minutes)
    if not requests:
        return None
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    metric = alarm["MetricName"]
    if metric == "ModelLatency":
        return _of_latencies(statistic, sorted(one for minute in minutes for one in _latencies(*minute[metric])))
    names = ("Invocation4XXErrors", "Invocation5XXErrors") if metric == "InvocationModelErrors" else (metric,)
    total = sum(minute[name] for minute in minutes for name in names)
    by_statistic: dict[str, float] = {
        "Sum": total,
        "SampleCount": requests,
        "Maximum": float(total > 0),
        "Minimum": float(total >= requests),
    }
    return by_statistic.get(statistic, total / requests)


@lru_cache(2_000)
def _latencies(requests: int, median: float, seed: int) -> list[float]:
    """Microseconds of so many requests; drawn only where an alarm looks at them."""
    rng = random.Random(seed)
    return [median * rng.lognormvariate(0, 0.5) for _ in range(requests)]


def _of_latencies(statistic: str, latencies: list[float]) -> float:
    if statistic.startswith("p"):
        return latencies[min(len(latencies) - 1, int(float(statistic[1:]) / 100 * len(latencies)))]
    by_statistic = {"Sum": sum(latencies), "SampleCount": len(latencies), "Maximum": latencies[-1], "Minimum": latencies[0]}
    return by_statistic.get(statistic, sum(latencies) / len(latencies))


def refusal(alarm: Any) -> str:
    """Why the replay cannot take an alarm; "" when it can."""
    if not isinstance(alarm, dict):
        return f"{alarm!r} is no request of PutMetricAlarm"
    needed = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    if absent := [name for name in needed if name not in alarm]:
        return f"the alarm {alarm.get('AlarmName', '')!r} has no {absent[0]}"
    if ("Statistic" in alarm) == ("ExtendedStatistic" in alarm):
        return f"the alarm {alarm['AlarmName']!r} needs one of Statistic and ExtendedStatistic"
    if alarm.get("Statistic", "Average") not in STATISTICS:
        return f"the alarm {alarm['AlarmName']!r} has the Statistic {alarm['Statistic']!r}; a percentile is an ExtendedStatistic"
    if alarm["Namespace"] != "AWS/SageMaker" or alarm["MetricName"] not in METRICS:
        return f"the alarm {alarm['AlarmName']!r} is on {alarm['Namespace']} {alarm['MetricName']}, which no endpoint has"
    if alarm["ComparisonOperator"] not in COMPARE:
        return f"the alarm {alarm['AlarmName']!r} compares by {alarm['ComparisonOperator']!r}"
    for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"):
        if name in alarm and (isinstance(alarm[name], bool) or not isinstance(alarm[name], (int, float) if name == "Threshold" else int)):
            return f"the alarm {alarm['AlarmName']!r} has the {name} {alarm[name]!r}; expected a number"
    dimensions = alarm["Dimensions"]
    if not isinstance(dimensions, list) or not all(isinstance(one, dict) and {"Name", "Value"} <= set(one) for one in dimensions):
        return f"the alarm {alarm['AlarmName']!r} has the Dimensions {dimensions!r}; expected a list, each with Name and Value"
    if alarm["Period"] % 60 or alarm["Period"] < 60:
        return f"the alarm {alarm['AlarmName']!r} has a period of {alarm['Period']} s; these metrics have a value a minute"
    return ""
