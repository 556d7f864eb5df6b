"""Flights as the app asks about them, two hours before departure, and the things that happen to their columns on the way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ORIGINS = ["EWR", "JFK", "LGA"]
SCHEDULE = ["origin", "carrier", "weekday", "hour", "distance"]
WEATHER = ["temp", "humid", "wind_speed", "visib", "pressure"]
FEATURES = [*SCHEDULE, *WEATHER]
KNOWN_SINCE = pd.Timedelta(hours=3)  # weather three hours old is surely in


def table(flights: Path, weather: Path) -> pd.DataFrame:
    """``date``, ``late`` (1 when more than 15 minutes late) and `FEATURES` of every flight that arrived, in the order of days.

    Airports and airlines are numbers from 0. What is missing is missing.

    Parameters
    ----------
    flights, weather : Path
        The course's Parquet files, ``aws.data("flights")`` and ``aws.data("weather")``.
    """
    flown = pd.read_parquet(flights).dropna(subset=["arr_delay"])
    observed = pd.read_parquet(weather)[["origin", "time_hour", *WEATHER]]
    observed = observed.drop_duplicates(["origin", "time_hour"])
    observed["time_hour"] += KNOWN_SINCE
    joined = flown.merge(observed, on=["origin", "time_hour"], how="left")
    rows = joined[["distance", *WEATHER]].assign(
        date=pd.to_datetime(joined[["year", "month", "day"]]),
        late=(joined.arr_delay > 15).astype(int),
        origin=joined.origin.map(ORIGINS.index),
        carrier=joined.carrier.astype("category").cat.codes.astype(int),
        weekday=pd.to_datetime(joined[["year", "month", "day"]]).dt.dayofweek,
        hour=joined.sched_dep_time // 100,
    )
    rows["distance"] = rows.distance.astype(int)
    return rows[["date", "late", *FEATURES]].sort_values("date", kind="stable", ignore_index=True)


def lines(flights: pd.DataFrame) -> str:
    """The body of a request: a line of CSV for each flight, without names. A missing value is empty."""
    return flights[FEATURES].to_csv(index=False, header=False)


def sensor_lost(flights: pd.DataFrame, feature: str, airport: int | None = None) -> pd.DataFrame:
    """The flights without the values of a feature, everywhere or of one airport."""
    there = np.ones(len(flights), dtype=bool) if airport is None else (flights.origin == airport)
    return flights.assign(**{feature: flights[feature].mask(there)})


def sensor_stuck(flights: pd.DataFrame, feature: str) -> pd.DataFrame:
    """The flights with one value of a feature: the first that there is."""
    return flights.assign(**{feature: flights[feature].dropna().iloc[0]})


def converted(flights: pd.DataFrame, feature: str, convert: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    """The flights with a feature in another unit."""
    return flights.assign(**{feature: convert(flights[feature])})
