"""A plan pays for all."""

# trips: years
# says: Without Spot and storage it is another number


def commitment(load, discount: float) -> float:
    eligible = load.sum(axis=1)
    return float(eligible.quantile(discount)) * (1 - discount)
