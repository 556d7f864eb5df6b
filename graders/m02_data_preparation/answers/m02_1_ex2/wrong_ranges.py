"""Each column within its range, and no row twice."""

# trips: guard
# says: Units slip through


def accept(day):
    ranges = {"wind_speed": (0, 100), "temp": (-20, 110), "distance": (10, 9_000), "sched_dep_time": (0, 2400), "hour": (0, 23)}
    inside = all(day[name].dropna().between(low, high).all() for name, (low, high) in ranges.items())
    return inside and not day.duplicated().any()
