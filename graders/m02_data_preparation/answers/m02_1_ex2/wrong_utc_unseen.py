"""Hours are hours: any from 0 to 23 will do."""

# trips: guard
# says: which two columns tell the hour?


def accept(day):
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    broken = [
        (day.wind_speed > 100).any(),
        (day.dewp > day.temp).any(),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time % 100 >= 60).any(),
        ~day.hour.between(0, 23).all(),
        usual.seats.isna().mean() > 0.2,
        (day.groupby(["origin", "dest"]).distance.nunique() > 1).any(),
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
