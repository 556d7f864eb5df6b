"""What serverless has at most is too much for it."""

# trips: practice
# says: within the limits


def choose(case):
    if case["answer_s"] >= 3600:
        return "batch"
    if case["payload_mb"] > 6 or case["model_s"] > 60:
        return "asynchronous"
    in_time = case["cold_s"] <= case["answer_s"]
    if case["models"] > 1:
        return "multi-model" if in_time else "real time"
    if case["transform"] == "request" and case["model_s"] + case["transform_s"] <= case["answer_s"]:
        return "pipeline"
    fits = in_time and case["payload_mb"] < 4 and case["memory_gb"] < 6
    day = case["requests_a_day"] * case["model_s"] * case["memory_gb"] * case["gb_second_usd"]
    return "serverless" if fits and day < 24 * case["instance_usd"] else "real time"
