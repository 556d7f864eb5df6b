"""Serverless is cheap when there is little traffic."""

# trips: unseen
# says: no time for a cold start


def choose(case):
    if case["answer_s"] >= 3600:
        return "batch"
    if case["payload_mb"] > 6 or case["model_s"] > 60:
        return "asynchronous"
    if case["models"] > 1:
        return "multi-model" if case["cold_s"] <= case["answer_s"] else "real time"
    if case["transform"] == "request" and case["model_s"] + case["transform_s"] <= case["answer_s"]:
        return "pipeline"
    if case["payload_mb"] > 4 or case["memory_gb"] > 6:
        return "real time"
    day = case["requests_a_day"] * case["model_s"] * case["memory_gb"] * case["gb_second_usd"]
    return "serverless" if day < 24 * case["instance_usd"] else "real time"
