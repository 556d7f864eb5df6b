"""Little traffic is served without a server, whatever it is."""

# trips: unseen
# says: from top to bottom


def choose(case):
    day = case["requests_a_day"] * case["model_s"] * case["memory_gb"] * case["gb_second_usd"]
    if day < 24 * case["instance_usd"] and case["cold_s"] <= case["answer_s"]:
        return "serverless"
    if case["answer_s"] >= 3600:
        return "batch"
    if case["payload_mb"] > 6 or case["model_s"] > 60:
        return "asynchronous"
    if case["models"] > 1:
        return "multi-model" if case["cold_s"] <= case["answer_s"] else "real time"
    return "pipeline" if case["transform"] == "request" else "real time"
