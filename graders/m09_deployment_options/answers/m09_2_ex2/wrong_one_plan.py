"""Two instances are a good middle."""

# trips: regret
# says: All models share in every fleet


def plan(fleet):
    return {"own": [], "shared": 2}
