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


RANGES = {
    "answer_s": (0.05, 86_400),
    "payload_mb": (0.001, 1_000),
    "models": (1, 2_000),
    "cold_s": (0.2, 120),
    "transform_s": (0.001, 30),
    "requests_a_day": (1, 50_000_000),
    "memory_gb": (0.5, 16),
    "model_s": (0.001, 900),
}


def make_right_for(option, case):
    """Finds the border between the old value and an end of the range by halving, and goes a thousandth beyond it."""
    for word in ("none", "request", "history"):
        if rule(case | {"transform": word}) == option:
            return case | {"transform": word}
    for field, ends in RANGES.items():
        for end in ends:
            near, far = case[field], end
            tried = [near + (end - near) * step / 4096 for step in range(1, 4097)] if field != "models" else [end, 2]
            hits = [value for value in tried if rule(case | {field: value}) == option]
            if not hits:
                continue
            far = hits[0]
            if field != "models":
                near = far - (end - near) / 4096
                for _ in range(40):
                    middle = (near + far) / 2
                    near, far = (near, middle) if rule(case | {field: middle}) == option else (middle, far)
                far *= 1.001 if end > case[field] else 0.999
            return case | {field: int(far) if field == "models" and far != 2 else far if field != "models" else 2}
    raise ValueError(f"no edit makes {option} right")
