from math import log


def gain(weights: list[float]) -> float:
    return sum(weight / log(place + 2) for place, weight in enumerate(weights))


def attribution_drift(baseline: pd.DataFrame, today: pd.DataFrame) -> float:
    before = {name: sum(abs(value) for value in baseline[name]) for name in baseline}
    now = {name: sum(abs(value) for value in today[name]) for name in today}
    order = sorted(before, key=lambda name: -now[name])
    return gain([before[name] for name in order]) / gain(sorted(before.values(), reverse=True))
