"""A sound table looks like June, the one that was shown."""

# trips: practice
# says: December
# says: It stops without need


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if set(flights.select_dtypes("number")) != set(known):
        return ["columns"]
    found = ["rows"] if len(flights) < 5_000 or flights.duplicated().mean() > 0.05 else []
    usual = {
        "late": 0.31,
        "temp": 72.7,
        "humid": 65.7,
        "wind_speed": 10.5,
        "visib": 9.4,
        "pressure": 1013.9,
        "hour": 13.1,
        "distance": 1074,
    }
    return found + [f"{name} has changed" for name, mean in usual.items() if not 0.85 * mean < flights[name].mean() < 1.15 * mean]


guard_arn = guarded(guard, faults)
