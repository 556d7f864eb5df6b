"""Four instances have always been enough."""

# trips: regret
# says: what in a brief moves them


def instances(brief):
    return 4
