"""Half of the hours are above it."""

# trips: years
# says: It is too


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.quantile(0.5)) * (1 - discount)
