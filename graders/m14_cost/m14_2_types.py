"""Recommendations of instance types as SageMaker returns them, small tables of them, and what is said of an answer (m14_2_ex2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course.grading import Answer, Report
from course.grading.scoring import near

WITHIN = 1e-5  # of a price: it may be rounded to six digits
MEMBERS = ("type", "instances", "per_thousand")

Chosen = tuple[str, int]  # an instance type, and how many instances


def recommendation(instance_type: str, hour: float, stands: int, latency: int) -> dict[str, Any]:
    """A recommendation for instances: dollars an hour, requests a minute that one stands, and milliseconds."""
    name = f"sm-epc-{instance_type.replace('.', '-')}"
    endpoint = {"EndpointName": name, "VariantName": name, "InstanceType": instance_type, "InitialInstanceCount": 1}
    return _with_metrics(endpoint, hour, stands, latency)


def serverless(megabytes: int, hour: float, stands: int, latency: int) -> dict[str, Any]:
    """A recommendation for a serverless endpoint."""
    name, config = f"sm-epc-serverless-{megabytes}", {"MemorySizeInMB": megabytes, "MaxConcurrency": 20}
    return _with_metrics({"EndpointName": name, "VariantName": name, "ServerlessConfig": config}, hour, stands, latency)


def _with_metrics(endpoint: dict[str, Any], hour: float, stands: int, latency: int) -> dict[str, Any]:
    metrics = {"CostPerHour": hour, "CostPerInference": hour / 60 / stands, "MaxInvocations": stands, "ModelLatency": latency}
    return {
        "RecommendationId": f"rec-{endpoint['EndpointName']}",
        "Metrics": metrics,
        "EndpointConfiguration": endpoint,
        "ModelConfiguration": {"EnvironmentParameters": []},
    }


@dataclass(frozen=True)
class Table:
    """Recommendations, a need, the right answer, and what is said of foreseeable other types and numbers of instances."""

    rows: tuple[dict[str, Any], ...]
    need: dict[str, int]
    right: dict[str, Any] | None
    hints: dict[Chosen, str]


CHEAPEST_WHEN_BUSY = "It has the lowest `CostPerInference`, which holds for an instance that is asked as much as it stands. Is it?"
FULL = "How many requests would each instance get in the busiest minute, and how many may it get?"
SLOW = "Does it answer within `p95_ms`?"
SMALL = (
    Table(
        (
            recommendation("ml.m5.large", 0.115, 1000, 45),
            recommendation("ml.c5.xlarge", 0.204, 3000, 18),
            recommendation("ml.c5.2xlarge", 0.408, 7000, 12),
            recommendation("ml.g4dn.xlarge", 0.736, 9000, 6),
            recommendation("ml.t2.medium", 0.056, 500, 90),
        ),
        {"peak": 900, "mean": 200, "p95_ms": 60, "least": 1},
        {"type": "ml.c5.xlarge", "instances": 1, "per_thousand": 0.017},
        {
            ("ml.c5.2xlarge", 1): CHEAPEST_WHEN_BUSY,
            ("ml.m5.large", 1): FULL,
            ("ml.m5.large", 2): "An hour of one instance is the cheapest of those that suit. How much is an hour of all that are needed?",
            ("ml.g4dn.xlarge", 1): "It is the fastest one. All that keep `p95_ms` are fast enough.",
            ("ml.t2.medium", 1): SLOW,
            ("ml.t2.medium", 2): SLOW,
            ("ml.t2.medium", 3): SLOW,
        },
    ),
    Table(
        (
            serverless(2048, 0.03, 600, 30),
            recommendation("ml.c5.xlarge", 0.204, 2300, 28),
            recommendation("ml.c5.large", 0.102, 1100, 52),
            recommendation("ml.m5.large", 0.115, 1000, 50),
            recommendation("ml.m5.xlarge", 0.23, 2100, 30),
        ),
        {"peak": 300, "mean": 40, "p95_ms": 50, "least": 2},
        {"type": "ml.m5.large", "instances": 2, "per_thousand": 0.23 / 2.4},
        {
            ("ml.m5.large", 1): "One instance stands the peak. How many must there be at `least`?",
            ("ml.c5.large", 1): SLOW,
            ("ml.c5.large", 2): SLOW,
            ("ml.c5.xlarge", 2): "There is a cheaper one that keeps the limit: a latency of exactly `p95_ms` suits.",
        },
    ),
    Table(
        (
            recommendation("ml.c5.large", 0.102, 900, 40),
            recommendation("ml.m5.large", 0.115, 1000, 45),
            recommendation("ml.m5.2xlarge", 0.461, 3900, 20),
            recommendation("ml.c5.4xlarge", 0.816, 8000, 12),
        ),
        {"peak": 4000, "mean": 2500, "p95_ms": 200, "least": 1},
        {"type": "ml.m5.large", "instances": 5, "per_thousand": 0.575 / 150},
        {
            ("ml.m5.large", 4): FULL,
            ("ml.m5.large", 3): FULL,
            ("ml.m5.large", 6): "Five of them get exactly what they may get.",
            ("ml.c5.large", 5): FULL,
            ("ml.c5.large", 4): FULL,
            ("ml.c5.4xlarge", 1): CHEAPEST_WHEN_BUSY,
        },
    ),
    Table(
        (serverless(1024, 0.02, 300, 9), recommendation("ml.c5.large", 0.102, 1100, 14), recommendation("ml.m5.large", 0.115, 1000, 12)),
        {"peak": 500, "mean": 100, "p95_ms": 10, "least": 1},
        None,
        {("ml.c5.large", 1): SLOW, ("ml.m5.large", 1): SLOW},
    ),
)


def judge_tables(answer: Answer, report: Report) -> None:
    """Report the practice part of m14_2_ex2."""
    for table in SMALL:
        given = answer.call("cheapest", list(table.rows), table.need)
        if problem := _problem(table, given):
            report.part("practice", False, f"{called(table.rows, table.need, given)} {problem}")
            return
    report.part("practice", True, "All small tables are right.")


def _problem(table: Table, given: Any) -> str:
    if problem := malformed(given):
        return problem
    if given is None or table.right is None:
        if given is table.right:
            return ""
        said = "A type of this table suits." if given is None else "No type of this table suits."
        return f"{said} {table.hints.get(chosen(given), '') if given else ''}".strip()
    if chosen(given) != chosen(table.right):
        other = "Which recommendations suit, how many instances does each need, and what does an hour of all of them cost?"
        return table.hints.get(chosen(given), other)
    return price_hint(given, table.right["per_thousand"], table.need)


def called(rows: Any, need: dict[str, int], given: Any) -> str:
    """What was called, and what came back."""
    return f"`cheapest(...)` was called with {len(rows)} recommendations and {need}, and returned {given!r}."


def chosen(given: dict[str, Any]) -> Chosen:
    return given["type"], given["instances"]


def malformed(given: dict[str, Any] | None) -> str:
    """Why a result cannot be an answer; ``""`` if it can."""
    if given is None:
        return ""
    if missing := [name for name in MEMBERS if name not in given]:
        return f"Expected a dict with the keys {', '.join(MEMBERS)}; {missing[0]!r} is missing."
    if not isinstance(given["type"], str):
        return "The `type` is no text. A recommendation for a serverless endpoint has no type, and is left out."
    if not _number(given["instances"]) or given["instances"] != int(given["instances"]):
        return "The number of `instances` is not whole: what are three and a half instances?"
    if not _number(given["per_thousand"]):
        return "Expected a number of dollars as `per_thousand`."
    return ""


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def price_hint(given: dict[str, Any], right: float, need: dict[str, int]) -> str:
    """What is wrong with ``per_thousand``, where type and instances are right; ``""`` if nothing is."""
    price = given["per_thousand"]
    if near(price, right, WITHIN * right):
        return ""
    factors = {
        "It is what one request costs, not a thousand.": 1 / 1000,
        "`mean` are requests a minute, and `CostPerHour` is for an hour.": 60.0,
        "Is it the cost of an hour, divided by what comes in an hour?": 1 / 60,
        "How many instances run?": 1 / given["instances"] if given["instances"] else 0.0,
        "Is the busiest minute what comes all day?": need["mean"] / need["peak"],
    }
    said = "`per_thousand` is not what all instances cost in an hour, for a thousand of the requests that come in an hour."
    return next((f"{said} {hint}" for hint, factor in factors.items() if near(price, right * factor, WITHIN * right * factor)), said)
