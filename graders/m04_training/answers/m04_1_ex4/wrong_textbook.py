"""The textbook's threshold holds for any probabilities."""

# trips: regret
# says: would have cost last month


def warning_threshold(probabilities, late, missed, false_alarm):
    return false_alarm / (missed + false_alarm)
