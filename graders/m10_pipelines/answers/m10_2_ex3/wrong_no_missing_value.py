"""No value may be missing, and no row may come twice."""

# trips: practice
# says: It stops every month


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if set(flights.select_dtypes("number")) != set(known):
        return ["columns"]
    found = [f"{name}: missing values" for name in known if flights[name].isna().any()]
    found += [f"{name}: out of range" for name in known if (flights[name] > known[name].max() * 1.1).mean() > 0.05]
    return found + (["rows come twice"] if flights.duplicated().any() else [])


guard_arn = guarded(guard, faults)
