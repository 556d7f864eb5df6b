"""The more discount, the less may be lost."""

# trips: years
# says: A higher discount makes your number smaller


def commitment(load, discount: float) -> float:
    eligible = load["hosting"] + load["training"]
    return float(eligible.quantile(1 - discount)) * (1 - discount)
