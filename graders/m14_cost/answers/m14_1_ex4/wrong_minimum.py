"""Nothing may be lost."""

# trips: years
# says: It is too low


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.min()) * (1 - discount)
