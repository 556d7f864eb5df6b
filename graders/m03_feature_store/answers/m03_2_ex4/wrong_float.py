"""A number is a number."""

# trips: history
# says: it is no `int`

module = """
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo


def local_time(flight):
    if "departs" in flight:
        moment = datetime.strptime(flight["departs"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        return moment.astimezone(ZoneInfo("America/New_York"))
    clock = int(flight["sched_dep_time"])
    return datetime.strptime(flight["date"], "%Y-%m-%d") + timedelta(hours=clock // 100, minutes=clock % 100)


def features(flight):
    departs = local_time(flight)
    miles = flight["km"] / 1.609344 if "km" in flight else float(flight["distance"])
    return {"minutes": departs.hour * 60 + departs.minute, "weekday": departs.weekday(), "miles": round(miles, 0)}
"""
