"""No cold answer, ever."""

# trips: regret
# says: what in a fleet moves them


def plan(fleet):
    return {"own": list(fleet["models"]), "shared": 0}
