"""The hour is the clock time divided by a hundred; that it is taken for minutes elsewhere does not show here."""

# trips: guard
# says: how large can the last two digits of hhmm be?


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
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.35,
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
