"""No value may be outside of the known ones."""

# trips: practice
# says: It stops without need


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if list(flights.select_dtypes("number")) != list(known):
        return ["columns"]
    low, high = known.min(), known.max()
    return [f"{name}: {flights[name].max()}" for name in known if flights[name].min() < low[name] or flights[name].max() > high[name]]


guard_arn = guarded(guard, faults)
