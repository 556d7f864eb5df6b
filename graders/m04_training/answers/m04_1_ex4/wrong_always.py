"""Better safe than sorry."""

# trips: regret
# says: a warning that is always given


def warning_threshold(probabilities, late, missed, false_alarm):
    return 0.0
