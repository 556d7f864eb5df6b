"""Flights with everything that the records hold of them, the known and the unknown alike: raw material to find leaks in."""

from pathlib import Path

import pandas as pd

WEATHER = ["temp", "humid", "wind_speed", "precip", "visib"]
EARLIER = [f"{name}_3h" for name in WEATHER]  # the same, observed three hours before
SCHEDULE = ["departure_minute", "weekday", "carrier", "origin", "dest", "distance"]


def table(flights: Path, weather: Path) -> pd.DataFrame:
    """All flights of January to July that arrived, a row each.

    Columns: ``late`` (1 when more than 15 minutes late), ``date``, `SCHEDULE`, `WEATHER`, `EARLIER` and the times of the flight itself.

    Parameters
    ----------
    flights, weather : Path
        The course's Parquet files, ``aws.data("flights")`` and ``aws.data("weather")``.
    """
    planned = ["year", "month", "day", "time_hour", "sched_dep_time", "carrier", "origin", "dest", "distance"]
    happened = ["dep_time", "dep_delay", "air_time", "arr_time", "arr_delay"]
    flown = pd.read_parquet(flights, columns=planned + happened, filters=[("month", "<=", 7)]).dropna(subset=["arr_delay"])
    observed = pd.read_parquet(weather, columns=["origin", "time_hour", *WEATHER])
    earlier = observed.assign(time_hour=observed.time_hour + pd.Timedelta(hours=3))
    by_hour = observed.merge(earlier, on=["origin", "time_hour"], how="outer", suffixes=("", "_3h"))
    joined = flown.merge(by_hour, on=["origin", "time_hour"], how="left")
    date = pd.to_datetime(joined[["year", "month", "day"]])
    codes = {name: joined[name].astype("category").cat.codes for name in ("carrier", "origin", "dest")}
    minute = joined.sched_dep_time // 100 * 60 + joined.sched_dep_time % 100
    late = (joined.arr_delay > 15).astype(int)
    return joined.assign(late=late, date=date, weekday=date.dt.dayofweek, departure_minute=minute, **codes)
