def accept(day):
    seen, miles, planes = set(), {}, []
    for row in day.itertuples():
        key, route = (row.carrier, row.flight, row.origin), (row.origin, row.dest)
        if key in seen or miles.setdefault(route, row.distance) != row.distance:
            return False
        seen.add(key)
        if row.sched_dep_time % 100 > 59 or row.sched_dep_time // 100 != row.hour:
            return False
        if row.wind_speed > 100 or row.dewp > row.temp or row.wind_gust < row.wind_speed:
            return False
        if row.carrier not in ("AA", "MQ"):
            planes.append(row.seats == row.seats)
    return sum(planes) > 0.75 * len(planes)
