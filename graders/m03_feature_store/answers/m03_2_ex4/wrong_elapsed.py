"""The minutes that have passed since midnight."""

# trips: requests
# says: look at `minutes`

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
    miles = flight["km"] / 1.609344 if "km" in flight else int(flight["distance"])
    midnight = departs.replace(hour=0, minute=0)
    passed = departs.timestamp() - midnight.timestamp()
    return {"minutes": int(passed // 60), "weekday": departs.weekday(), "miles": int(miles + 0.5)}
"""
