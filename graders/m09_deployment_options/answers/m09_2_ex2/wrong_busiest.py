"""A model that is asked much deserves a server of its own."""

# trips: regret
# says: how often are they cold when they share


def plan(fleet):
    asked = fleet["requests"].count
    own = [name for name in fleet["models"] if asked(name) > 0.1 * len(fleet["requests"])]
    return {"own": own, "shared": min(range(1, 7), key=lambda shared: hour_usd(fleet, own, shared))}
