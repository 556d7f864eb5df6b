"""The dearer the miss, the higher the threshold."""

# trips: regret
# says: would have cost last month


def warning_threshold(probabilities, late, missed, false_alarm):
    return missed / (missed + false_alarm)
