"""Better safe than sorry."""

# trips: guard
# says: somebody switches it off


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    return ["please have a look at this table"]


guard_arn = guarded(guard, faults)
