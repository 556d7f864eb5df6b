"""A little more is enough."""

# trips: flipped
# says: which question stands in the way of it


def make_right_for(option, case):
    field = {"batch": "answer_s", "asynchronous": "payload_mb", "serverless": "requests_a_day"}.get(option, "cold_s")
    return case | {field: case[field] * (0.95 if option == "serverless" else 1.05) + (1 if field == "requests_a_day" else 0)}
