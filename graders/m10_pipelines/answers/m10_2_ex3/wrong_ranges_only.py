"""A value that is possible is right: only ranges."""

# trips: guard
# says: distance in km


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if set(flights.select_dtypes("number")) != set(known):
        return ["columns"]
    limits = {"late": (0, 1), "origin": (0, 2), "carrier": (0, 15), "weekday": (0, 6), "hour": (0, 23), "distance": (50, 5_000)}
    limits |= {"temp": (0, 110), "humid": (1, 100), "wind_speed": (0, 100), "precip": (0, 3), "visib": (0, 10), "pressure": (950, 1_050)}
    values = {name: flights[name].dropna() for name in limits}
    return [f"{name}: out of range" for name, limit in limits.items() if values[name].between(*limit).mean() < 0.97]


guard_arn = guarded(guard, faults)
