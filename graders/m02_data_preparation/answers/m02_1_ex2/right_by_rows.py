LONG = {(route.origin, route.dest): route.distance for route in routes.itertuples()}
WARMEST = {month: (rows.temp.max() - 32) / 1.8 for month, rows in weather.groupby("month")}
KNOT = 1.15078


def accept(day):
    if sorted(day.columns) != sorted(example.columns) or not 200 < len(day) < 400:
        return False
    if day.temp.max() < WARMEST[int(day.day[0][5:7])] + 0.5:
        return False
    seen, planes = set(), []
    for row in day.itertuples():
        key = (row.carrier, row.flight, row.origin)
        if key in seen or abs(LONG.get((row.origin, row.dest), 0) - row.distance) > 2:
            return False
        seen.add(key)
        if row.sched_dep_time % 100 > 59 or row.sched_dep_time // 100 != row.hour:
            return False
        if row.wind_speed > 100 or row.dewp > row.temp + 0.001 or row.wind_gust < row.wind_speed - 0.001:
            return False
        if row.wind_speed == row.wind_speed and abs(row.wind_speed / KNOT - round(row.wind_speed / KNOT)) > 0.01:
            return False
        if row.carrier not in ("AA", "MQ"):
            planes.append(row.seats == row.seats)
    return sum(planes) > 0.65 * len(planes)
