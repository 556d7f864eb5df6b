"""Twenty jobs, three at a time: that was good last time."""

# trips: kept
# says: make use of both


def plan(brief):
    return {"strategy": "Bayesian", "jobs": 20, "parallel": 3, "early": "Off"}
