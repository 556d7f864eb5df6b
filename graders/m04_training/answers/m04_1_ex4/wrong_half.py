"""More likely late than not: that is when to warn."""

# trips: regret
# says: the same for all costs


def warning_threshold(probabilities, late, missed, false_alarm):
    return 0.5
