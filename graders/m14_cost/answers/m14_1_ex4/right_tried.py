"""All loads that occur are tried."""


def commitment(load, discount: float) -> float:
    from numpy import arange, sort

    loads = sort((load["hosting"] + load["training"]).to_numpy())
    above = loads[::-1].cumsum()[::-1] - loads * arange(len(loads), 0, -1)
    costs = len(loads) * loads * (1 - discount) + above
    return float(loads[costs.argmin()] * (1 - discount))
