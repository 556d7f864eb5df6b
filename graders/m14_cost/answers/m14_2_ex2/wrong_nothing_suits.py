"""Something always suits."""

# trips: edges
# says: min()

import math


def cheapest(recommendations: list, need: dict) -> dict | None:
    found = []
    for each in recommendations:
        metrics, instance_type = each["Metrics"], each["EndpointConfiguration"].get("InstanceType")
        if instance_type is None or metrics["ModelLatency"] > need["p95_ms"]:
            continue
        count = max(need["least"], math.ceil(need["peak"] / (metrics["MaxInvocations"] * 0.8)))
        thousand = count * metrics["CostPerHour"] / (need["mean"] * 60) * 1000
        found.append({"type": instance_type, "instances": count, "per_thousand": thousand})
    return min(found, key=lambda each: each["per_thousand"])
