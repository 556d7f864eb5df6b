"""Each model for itself: does its own endpoint save more than it costs?"""

# trips: regret
# says: look again once a model has left


def plan(fleet):
    plans = []
    for shared in range(1, 7):
        together = hour_usd(fleet, [], shared)
        own = [name for name in fleet["models"] if hour_usd(fleet, [name], shared) < together]
        plans.append((hour_usd(fleet, own, shared), own, shared))
    _, own, shared = min(plans)
    return {"own": own, "shared": shared}
