"""Own endpoints for the dear ones; the others are not worth an instance."""

# trips: regret
# says: have no place at all


def plan(fleet):
    return {"own": sorted(fleet["models"])[:3], "shared": 0}
