"""Each option has its field."""

# trips: flipped
# says: which question stands in the way of it


def make_right_for(option, case):
    field, value = {
        "batch": ("answer_s", 3600),
        "asynchronous": ("payload_mb", 6.1),
        "multi-model": ("models", case["models"] + 1),
        "pipeline": ("transform", "request" if case["transform"] != "request" else "none"),
        "serverless": ("requests_a_day", 24 * case["instance_usd"] / case["model_s"] / case["memory_gb"] / case["gb_second_usd"] * 0.98),
        "real time": ("requests_a_day", 24 * case["instance_usd"] / case["model_s"] / case["memory_gb"] / case["gb_second_usd"] * 1.02),
    }[option]
    return case | {field: min(value, 50_000_000) if field == "requests_a_day" else value}
