"""Everything at the lower price."""

# trips: years
# says: It covers even the dearest hour


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.max()) * (1 - discount)
