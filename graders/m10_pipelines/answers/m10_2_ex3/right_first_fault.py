"""Returns the first fault only, and looks at histograms of all columns."""


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    numbers = flights.select_dtypes("number")
    if list(numbers) != list(known) or flights.shape[1] != known.shape[1]:
        return ["columns"]
    if len(flights) < 4_500 or flights.drop_duplicates().shape[0] < 0.93 * len(flights):
        return ["rows"]
    for name, sound in known.items():
        values = flights[name]
        if values.isna().mean() - sound.isna().mean() > 0.13:
            return [f"{name} is missing"]
        inside = sound.dropna().sort_values()
        low, high = inside.iloc[10], inside.iloc[-10]
        reach = 0.1 * (high - low)
        if ((values < low - reach) | (values > high + reach)).mean() > 0.06:
            return [f"{name} is out of range"]
        if name in ("late", "origin", "carrier", "weekday", "hour", "distance") and (~values.isin(set(sound))).mean() > 0.06:
            return [f"{name} has unknown values"]
        frequent = values.value_counts() / values.count()
        usual = sound.value_counts() / sound.count()
        for value in usual[usual > 0.04].index:
            if name in ("origin", "carrier", "weekday") and abs(frequent.get(value, 0) - usual[value]) > 0.06:
                return [f"{name}: the share of {value} has changed"]
        if values.nunique() == 1 or frequent.max() > usual.max() + 0.18:
            return [f"{name} is stuck"]
    return [] if flights.late.mean() < 0.45 else ["late is inverted"]


guard_arn = guarded(guard, faults)
