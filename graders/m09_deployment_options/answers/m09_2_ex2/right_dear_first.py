def plan(fleet):
    """Models leave in the order of what their cold answers cost; every number of leavers is tried with every number of instances."""
    best, lowest = None, float("inf")
    for shared in range(1, 7):
        own = []
        for _ in range(len(fleet["models"]) + 1):
            cost = hour_usd(fleet, own, shared)
            if cost < lowest:
                best, lowest = {"own": list(own), "shared": shared}, cost
            late = cold_answers(fleet, own, shared)
            usd = {name: count * fleet["models"][name]["late_usd"] for name, count in late.items()}
            if not usd:
                break
            own.append(max(usd, key=usd.get))
    return best
