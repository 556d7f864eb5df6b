"""The textbook's threshold holds for any probabilities."""

# trips: regret
# says: Yours are those of theory


def warning_threshold(probabilities, late, missed, false_alarm):
    return false_alarm / (missed + false_alarm)
