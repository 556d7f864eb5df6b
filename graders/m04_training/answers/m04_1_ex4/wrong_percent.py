"""A threshold is a percentage."""

# trips: practice
# says: from 0 to 1


def warning_threshold(probabilities, late, missed, false_alarm):
    return 100 * false_alarm / (missed + false_alarm)
