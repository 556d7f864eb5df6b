"""Flights with what is known two hours before departure: schedule, and the weather observed an hour before that."""

from pathlib import Path

import pandas as pd

ORIGINS = ["EWR", "JFK", "LGA"]
WEATHER = ["temp", "humid", "wind_speed", "precip", "visib", "pressure"]
NAMES = ["origin", "carrier"]
NUMBERS = ["weekday", "hour", "distance", *WEATHER]
FEATURES = [*NAMES, *NUMBERS]
KNOWN_SINCE = pd.Timedelta(hours=3)  # weather three hours old is surely in


def raw_table(flights: Path, weather: Path) -> pd.DataFrame:
    """``month``, ``late`` (1 when more than 15 minutes late) and `FEATURES` of every flight that arrived.

    Airports and airlines have their names.

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
    return joined[["month", *NAMES, "distance", *WEATHER]].assign(
        late=(joined.arr_delay > 15).astype(int),
        weekday=pd.to_datetime(joined[["year", "month", "day"]]).dt.dayofweek,
        hour=joined.sched_dep_time // 100,
    )


def numbered(raw: pd.DataFrame) -> pd.DataFrame:
    """The rows of `raw_table` with numbers for airports and airlines."""
    return raw.assign(origin=raw.origin.map(ORIGINS.index), carrier=raw.carrier.astype("category").cat.codes)[["month", "late", *FEATURES]]


def table(flights: Path, weather: Path) -> pd.DataFrame:
    """``month``, ``late`` and `FEATURES` as numbers; the parameters are those of `raw_table`."""
    return numbered(raw_table(flights, weather))
