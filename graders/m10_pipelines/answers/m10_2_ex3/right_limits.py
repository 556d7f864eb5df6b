"""Limits by hand, as the text and a look at the months give them, and a rule for each fault."""


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    import numpy as np

    found = []
    missing, added = set(known) - set(flights), set(flights) - set(known)
    if missing or added:
        return [f"columns missing: {sorted(missing)}, added: {sorted(map(str, added))}"]
    for name in known:
        if not np.issubdtype(flights[name].dtype, np.number):
            return [f"{name} is text"]
    if len(flights) < 4_000:
        found.append(f"only {len(flights)} rows")
    if flights.duplicated().sum() > 0.03 * len(flights):
        found.append("rows come twice")
    limits = {
        "late": (0, 1),
        "origin": (0, 2),
        "carrier": (0, 15),
        "weekday": (0, 6),
        "hour": (5, 23),
        "distance": (50, 5_000),
        "temp": (5, 110),
        "humid": (5, 100),
        "wind_speed": (0, 60),
        "precip": (0, 3),
        "visib": (0, 10),
        "pressure": (970, 1_050),
    }
    for name, (low, high) in limits.items():
        values = flights[name].dropna()
        if ((values < low) | (values > high)).mean() > 0.05:
            found.append(f"{name}: out of {low} to {high}")
        if flights[name].isna().mean() > (0.25 if name == "pressure" else 0.1):
            found.append(f"{name}: missing")
        if values.nunique() < 2:
            found.append(f"{name}: stuck")
    if not 0.09 < flights.late.mean() < 0.4:
        found.append("labels")
    if (~flights.distance.isin(known.distance)).mean() > 0.05:
        found.append("distances of no known route")
    for name in ("temp", "humid", "wind_speed", "pressure"):
        most = flights[name].value_counts(normalize=True)
        if len(most) and most.iloc[0] > 0.2:
            found.append(f"{name}: the same value too often")
    for name in ("origin", "carrier", "weekday"):
        for code, share in known[name].value_counts(normalize=True).items():
            if share > 0.04 and not share / 2 < (flights[name] == code).mean() < share * 2:
                found.append(f"{name}: {code} is too rare or too frequent")
    return found


guard_arn = guarded(guard, faults)
