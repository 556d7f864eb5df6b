"""The mean, in dollars."""

# trips: years
# says: It is a load at list prices


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.mean())
