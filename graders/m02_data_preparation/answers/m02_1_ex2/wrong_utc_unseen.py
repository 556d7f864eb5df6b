"""Hours are hours: any from 0 to 23 will do."""

# trips: guard
# says: which two columns have the hour?


def accept(day):
    if set(day.columns) != set(example.columns) or len(day) < 200:
        return False
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    readings = ["temp", "dewp", "wind_speed", "wind_gust"]
    broken = [
        (day.wind_speed > 100).any(),
        not all(day[name].dropna().isin(weather[name]).all() for name in readings),
        len(day.merge(routes)) < len(day),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        ~day.hour.between(0, 23).all(),
        usual.seats.isna().mean() > 0.35,
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
