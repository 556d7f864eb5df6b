"""The cost has one valley, so that thirds narrow it."""


def commitment(load, discount: float) -> float:
    low, high = 0.0, float((load["hosting"] + load["training"]).max())
    for _ in range(60):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        if bill.year_cost(load, first, discount) <= bill.year_cost(load, second, discount):
            high = second
        else:
            low = first
    return low
