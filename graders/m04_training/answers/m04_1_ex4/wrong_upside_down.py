"""The dearer the miss, the higher the threshold."""

# trips: regret
# says: Yours rise as a miss gets dearer


def warning_threshold(probabilities, late, missed, false_alarm):
    return missed / (missed + false_alarm)
