"""A table that can be read is sound."""

# trips: stops
# says: finds no fault in any table


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    return [] if len(flights) else ["empty"]


guard_arn = guarded(guard, faults)
