def warning_threshold(probabilities, late, missed, false_alarm):
    pairs = sorted(zip(probabilities, late, strict=True))
    total = false_alarm * sum(1 - was for was in late)
    best, cut = total, 0.0
    for chance, was in pairs:
        total += missed if was else -false_alarm
        if total < best:
            best, cut = total, chance + 1e-9
    return min(1.0, cut)
