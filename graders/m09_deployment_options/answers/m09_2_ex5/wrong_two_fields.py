"""A batch has large requests, too."""

# trips: flipped
# says: expected one field


def make_right_for(option, case):
    return case | {"answer_s": 7200, "payload_mb": 50}
