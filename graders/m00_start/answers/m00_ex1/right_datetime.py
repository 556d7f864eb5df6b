from datetime import date


def flight_row(flight):
    hour, _ = divmod(flight["sched_dep_time"], 100)
    weekday = date.fromisoformat(flight["date"]).weekday()
    origin = {"EWR": 0, "JFK": 1, "LGA": 2}[flight["origin"]]
    return ",".join(str(number) for number in (hour, weekday, origin, flight["distance"]))
