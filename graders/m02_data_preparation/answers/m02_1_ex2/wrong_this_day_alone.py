"""A day shows by itself whether it is good: its columns and rows must agree."""

# trips: guard
# says: all distances in kilometres
# says: half of its rows lost


def accept(day):
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    broken = [
        (day.wind_speed > 100).any(),
        (day.dewp > day.temp).any(),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.35,
        (day.groupby(["origin", "dest"]).distance.nunique() > 1).any(),
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
