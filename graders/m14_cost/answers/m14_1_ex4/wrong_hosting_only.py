"""Only hosting lasts."""

# trips: years
# says: Without training it is the same number


def commitment(load, discount: float) -> float:
    eligible = load["hosting"]
    return float(eligible.quantile(discount)) * (1 - discount)
