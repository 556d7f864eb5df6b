"""Summer time is from April to October."""

# trips: requests
# says: not behind by the same hours

module = """
from datetime import datetime, timedelta, timezone


def local_time(flight):
    if "departs" in flight:
        moment = datetime.strptime(flight["departs"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        return moment - timedelta(hours=4 if 4 <= moment.month <= 10 else 5)
    clock = int(flight["sched_dep_time"])
    return datetime.strptime(flight["date"], "%Y-%m-%d") + timedelta(hours=clock // 100, minutes=clock % 100)


def features(flight):
    departs = local_time(flight)
    miles = flight["km"] / 1.609344 if "km" in flight else int(flight["distance"])
    return {"minutes": departs.hour * 60 + departs.minute, "weekday": departs.weekday(), "miles": int(miles + 0.5)}
"""
