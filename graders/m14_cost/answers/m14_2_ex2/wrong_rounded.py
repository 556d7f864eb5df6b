"""The nearest whole number of instances."""

# trips: unseen
# says: How many requests would each instance get


def cheapest(recommendations: list, need: dict) -> dict | None:
    found = []
    for each in recommendations:
        metrics, instance_type = each["Metrics"], each["EndpointConfiguration"].get("InstanceType")
        if instance_type is None or metrics["ModelLatency"] > need["p95_ms"]:
            continue
        count = max(need["least"], round(need["peak"] / (metrics["MaxInvocations"] * 0.8)))
        thousand = count * metrics["CostPerHour"] / (need["mean"] * 60) * 1000
        found.append({"type": instance_type, "instances": count, "per_thousand": thousand})
    return min(found, key=lambda each: each["per_thousand"], default=None)
