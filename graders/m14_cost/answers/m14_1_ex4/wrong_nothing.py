"""Who promises nothing loses nothing."""

# trips: years
# says: It is nothing


def commitment(load, discount: float) -> float:
    return 0.0
