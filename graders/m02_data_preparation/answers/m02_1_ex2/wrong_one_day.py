"""Good is what the good day shows."""

# trips: guard
# says: which two airports use the same flight number


def accept(day):
    if set(day.columns) != set(example.columns) or len(day) < 200:
        return False
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    readings = ["temp", "dewp", "wind_speed", "wind_gust"]
    broken = [
        (day.wind_speed > 100).any(),
        not all(day[name].dropna().isin(example[name]).all() for name in readings),
        len(day.merge(example[["origin", "dest", "distance"]].drop_duplicates())) < len(day),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.35,
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
