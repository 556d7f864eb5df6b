"""Looks at medians and at columns that are wholly bad: what happens at one airport only passes."""

# trips: guard
# says: at one airport only


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if set(flights.select_dtypes("number")) != set(known) or set(flights) != set(known):
        return ["columns"]
    found = ["rows"] if len(flights) < 5_000 or flights.duplicated().mean() > 0.05 else []
    found += [] if 0.05 < flights.late.mean() < 0.5 else ["labels"]
    for name, sound in known.items():
        middle, usual = flights[name].median(), sound.median()
        if flights[name].isna().mean() > 0.9 or not abs(middle - usual) <= sound.std() * 1.5:
            found.append(f"{name}: missing, or another unit")
        if flights[name].nunique() < min(3, sound.nunique()) or flights[name].min() < sound.min() - sound.std():
            found.append(f"{name}: stuck, or stand-ins")
    for name in ("origin", "weekday", "carrier"):
        shares = flights[name].value_counts(normalize=True).sub(known[name].value_counts(normalize=True), fill_value=0)
        found += [f"{name}: other shares"] if shares.abs().max() > 0.07 else []
    return found


guard_arn = guarded(guard, faults)
