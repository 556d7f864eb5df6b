"""Yields the faults."""

# trips: practice
# says: an object of type generator


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    for name in known:
        if name not in flights:
            yield f"{name} is missing"
        elif flights[name].isna().mean() > 0.25:
            yield f"{name}: missing values"


guard_arn = guarded(guard, faults)
