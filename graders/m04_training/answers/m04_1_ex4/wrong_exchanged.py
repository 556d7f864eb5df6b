"""Costs are costs, whichever comes first."""

# trips: regret
# says: Yours rise as a miss gets dearer


def warning_threshold(probabilities, late, missed, false_alarm):
    def total(cut):
        pairs = list(zip(probabilities, late, strict=True))
        return missed * sum(chance >= cut and not was for chance, was in pairs) + false_alarm * sum(
            chance < cut and was for chance, was in pairs
        )

    return min((number / 50 for number in range(51)), key=total)
