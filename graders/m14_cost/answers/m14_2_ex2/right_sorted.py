"""Filtered, then sorted, with the exact arithmetic of whole numbers."""


def cheapest(recommendations: list, need: dict) -> dict | None:
    suitable = [
        (each["EndpointConfiguration"]["InstanceType"], each["Metrics"])
        for each in recommendations
        if "ServerlessConfig" not in each["EndpointConfiguration"] and each["Metrics"]["ModelLatency"] <= need["p95_ms"]
    ]

    def instances(metrics: dict) -> int:
        needed = -(-need["peak"] * 10 // (metrics["MaxInvocations"] * 8))
        return needed if needed > need["least"] else need["least"]

    suitable.sort(key=lambda pair: instances(pair[1]) * pair[1]["CostPerHour"])
    if not suitable:
        return None
    name, metrics = suitable[0]
    an_hour = instances(metrics) * metrics["CostPerHour"]
    return {"type": name, "instances": instances(metrics), "per_thousand": round(an_hour / 60 / need["mean"] * 1000, 8)}
