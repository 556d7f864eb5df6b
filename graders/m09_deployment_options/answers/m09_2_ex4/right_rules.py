RULES = [
    ("batch", lambda case: case["answer_s"] > 3599.999),
    ("asynchronous", lambda case: case["payload_mb"] > 6 or case["model_s"] > 60),
    ("multi-model", lambda case: case["models"] > 1 and case["cold_s"] <= case["answer_s"]),
    ("real time", lambda case: case["models"] > 1),
    ("pipeline", lambda case: case["transform"] == "request" and case["transform_s"] + case["model_s"] <= case["answer_s"]),
    ("real time", lambda case: case["cold_s"] > case["answer_s"] or case["payload_mb"] > 4 or case["memory_gb"] > 6),
    ("serverless", lambda case: case["requests_a_day"] * price(case) < 24 * case["instance_usd"]),
    ("real time", lambda case: True),
]


def price(case):
    return case["model_s"] * case["memory_gb"] * case["gb_second_usd"]


def choose(case):
    return next(option for option, suits in RULES if suits(case))
