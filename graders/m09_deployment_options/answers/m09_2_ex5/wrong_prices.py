"""What decides is the price."""

# trips: flipped
# says: may not be


def make_right_for(option, case):
    return case | {"instance_usd": 0.001 if option == "real time" else 10}
