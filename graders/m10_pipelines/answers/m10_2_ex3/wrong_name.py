"""The name of the pipeline instead of its ARN."""

# trips: stops
# says: not the ARN of the pipeline


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if not set(flights) == set(known) == set(flights.select_dtypes("number")):
        return ["a column is missing, new, or text"]
    found = ["rows are missing"] if len(flights) < 5_000 else []
    found += ["rows are repeated"] if flights.duplicated().mean() > 0.05 else []
    for name, sound in known.items():
        values = flights[name]
        low, high = sound.quantile([0.001, 0.999])
        margin = (high - low) / 20
        near = values.between(low - margin, high + margin)
        possible = near if sound.dtype == float else values.isin(sound)
        shares, usual = (each.value_counts(normalize=True) for each in (values, sound))
        most = 0.07 if name in ("origin", "carrier", "weekday") else 0.2
        signs = {
            "values are missing": values.isna().mean() > sound.isna().mean() + 0.15,
            "values that cannot be": (values.notna() & ~possible).mean() > 0.05,
            "other shares": len(shares) == 1 or (shares.sub(usual, fill_value=0).abs() > most).any(),
        }
        found += [f"{name}: {sign}" for sign, there in signs.items() if there]
    return found


guarded(guard, faults)
guard_arn = guard
