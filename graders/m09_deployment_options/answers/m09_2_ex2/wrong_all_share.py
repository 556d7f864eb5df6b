"""Sharing is cheap: all share, on as many instances as cost least."""

# trips: regret
# says: All models share in every fleet


def plan(fleet):
    return {"own": [], "shared": min(range(1, 7), key=lambda shared: hour_usd(fleet, [], shared))}
