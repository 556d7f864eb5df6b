"""The hour is the clock time divided by a hundred; that it is taken for minutes elsewhere does not show here."""

# trips: guard
# says: how large can the last two digits of hhmm be?


def accept(day):
    usual = day[~day.carrier.isin(["AA", "MQ"])]
    broken = [
        (day.wind_speed > 100).any(),
        (day.dewp > day.temp).any(),
        day.duplicated(["carrier", "flight", "origin"]).any(),
        (day.sched_dep_time // 100 != day.hour).any(),
        usual.seats.isna().mean() > 0.2,
        (day.groupby(["origin", "dest"]).distance.nunique() > 1).any(),
        (day.wind_gust < day.wind_speed).any(),
    ]
    return not any(broken)
