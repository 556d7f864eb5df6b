"""The mean is what is used."""

# trips: years
# says: It is the mean load at the plan's prices


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.mean()) * (1 - discount)
