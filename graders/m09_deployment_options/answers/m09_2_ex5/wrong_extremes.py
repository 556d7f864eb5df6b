"""To be sure, go as far as the range allows."""

# trips: near
# says: changed too far


def rule(case):
    if case["answer_s"] >= 3600:
        return "batch"
    if case["payload_mb"] > 6 or case["model_s"] > 60:
        return "asynchronous"
    if case["models"] > 1:
        return "multi-model" if case["cold_s"] <= case["answer_s"] else "real time"
    if case["transform"] == "request" and case["model_s"] + case["transform_s"] <= case["answer_s"]:
        return "pipeline"
    if case["cold_s"] > case["answer_s"] or case["payload_mb"] > 4 or case["memory_gb"] > 6:
        return "real time"
    day = case["requests_a_day"] * case["model_s"] * case["memory_gb"] * case["gb_second_usd"]
    return "serverless" if day < 24 * case["instance_usd"] else "real time"


def make_right_for(option, case):
    far = [("answer_s", 86_400), ("answer_s", 1_000), ("payload_mb", 1_000), ("payload_mb", 0.001), ("payload_mb", 5), ("model_s", 1)]
    far += [("models", 2_000), ("models", 1), ("transform", "request"), ("transform", "none"), ("transform_s", 0.001), ("transform_s", 30)]
    far += [("cold_s", 0.2), ("cold_s", 120), ("memory_gb", 0.5), ("memory_gb", 16), ("requests_a_day", 1), ("requests_a_day", 50_000_000)]
    hits = (case | {field: value} for field, value in far if rule(case | {field: value}) == option)
    return next(hits, case | {"cold_s": 1})
