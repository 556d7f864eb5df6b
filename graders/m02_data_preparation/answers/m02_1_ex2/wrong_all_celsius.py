"""In the wrong unit the temperature would be below the dew point."""

# trips: guard
# says: A whole column in another unit slips through


def accept(day):
    if set(day.columns) != set(example.columns) or len(day) < 200:
        return False
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    readings = ["wind_speed", "wind_gust"]
    broken = [
        (day.wind_speed > 100).any(),
        not all(day[name].dropna().isin(weather[name]).all() for name in readings),
        (day.dewp > day.temp).any(),
        len(day.merge(routes)) < len(day),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.35,
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
