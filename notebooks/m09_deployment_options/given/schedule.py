"""Flights with what is known two hours before departure: the schedule, and the weather observed an hour before that."""

from pathlib import Path

import pandas as pd

ORIGINS = ["EWR", "JFK", "LGA"]
COLUMNS = ["weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib"]  # in the order of training
WEATHER = COLUMNS[4:]
KNOWN_SINCE = pd.Timedelta(hours=3)  # weather is recorded by the hour; three hours before departure it is surely in


def table(flights: Path, weather: Path) -> pd.DataFrame:
    """Columns ``late`` (1 when more than 15 minutes late on arrival), `COLUMNS` and ``month``, one row a flight that arrived.

    Parameters
    ----------
    flights, weather : Path
        The course's Parquet files, ``aws.data("flights")`` and ``aws.data("weather")``.
    """
    flown = pd.read_parquet(flights).dropna(subset=["arr_delay"])
    observed = pd.read_parquet(weather)[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    observed["time_hour"] += KNOWN_SINCE
    joined = flown.merge(observed, on=["origin", "time_hour"], how="left")
    return pd.DataFrame(
        {
            "late": (joined.arr_delay > 15).astype(int),
            "weekday": pd.to_datetime(joined[["year", "month", "day"]]).dt.dayofweek,
            "hour": joined.sched_dep_time // 100,
            "origin": joined.origin.map(ORIGINS.index),
            "distance": joined.distance,
            **{name: joined[name] for name in WEATHER},
            "month": joined.month,
        }
    )
