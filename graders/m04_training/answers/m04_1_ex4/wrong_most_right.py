"""The threshold at which most warnings are right."""

# trips: regret
# says: the same for all costs


def warning_threshold(probabilities, late, missed, false_alarm):
    def wrong(cut):
        return sum((chance >= cut) != bool(was) for chance, was in zip(probabilities, late, strict=True))

    return min((number / 100 for number in range(101)), key=wrong)
