def plan(fleet):
    """Begins with all apart, and lets the model join that saves most."""
    names = list(fleet["models"])
    best = {"own": names, "shared": 0}
    lowest = hour_usd(fleet, names, 0)
    for shared in range(1, 7):
        own = set(names)
        while own:
            costs = {name: hour_usd(fleet, own - {name}, shared) for name in own}
            joining = min(sorted(costs), key=costs.get)
            if costs[joining] >= hour_usd(fleet, own, shared):
                break
            own.remove(joining)
        if (cost := hour_usd(fleet, own, shared)) < lowest:
            lowest, best = cost, {"own": sorted(own), "shared": shared}
    return best
