"""Rules in a helper within the function, airport by airport; it changes the table that it gets."""


def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    def distance(one: pd.Series, other: pd.Series) -> float:
        """Total variation distance of two columns of codes."""
        return one.value_counts(normalize=True).sub(other.value_counts(normalize=True), fill_value=0).abs().sum() / 2

    if sorted(flights.columns) != sorted(known.columns):
        return [f"columns {sorted(flights.columns)}"]
    if any(kind.kind == "O" for kind in flights.dtypes):
        return ["text"]
    known = known.assign(part=known.origin)
    flights["part"] = flights.origin
    if len(flights) < 3_000 or flights.duplicated().mean() > 0.07:
        return [f"{len(flights)} rows, of which {flights.duplicated().sum()} come twice"]
    found = [f"{name}: other codes" for name in ("origin", "weekday", "carrier") if distance(flights[name], known[name]) > 0.09]
    if not flights.late.isin([0, 1]).all() or not 0.08 <= flights.late.mean() <= 0.42:
        found.append("late: labels that cannot be")
    if found:
        return found
    for airport, here in flights.groupby("part"):
        for name in ("hour", "distance"):
            if not here[name].isin(known[name]).mean() > 0.9:
                found.append(f"{name} at {airport}: not as known")
        for name in ("temp", "humid", "wind_speed", "precip", "visib", "pressure"):
            values = here[name].dropna()
            low, high = known[name].quantile(0.002), known[name].quantile(0.998)
            width = high - low
            if len(values) < 0.7 * len(here):
                found.append(f"{name} at {airport}: missing")
            elif ((values < low - width / 10) | (values > high + width / 10)).mean() > 0.08:
                found.append(f"{name} at {airport}: not possible")
            elif values.nunique() < 3:
                found.append(f"{name} at {airport}: stuck")
    flights.drop(columns="part", inplace=True)
    return found


guard_arn = guarded(guard, faults)
