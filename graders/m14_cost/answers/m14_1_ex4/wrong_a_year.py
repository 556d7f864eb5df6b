"""The commitment is for the year."""

# trips: years
# says: It is too high


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.quantile(discount)) * (1 - discount) * 8760
