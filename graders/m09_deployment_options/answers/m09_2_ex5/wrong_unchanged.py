"""The option is a field of the case."""

# trips: flipped
# says: differs from the case


def make_right_for(option, case):
    return case | {"option": option, "answer_s": case["answer_s"] * 2}
