"""Flights as a partner sends them, and the features that the model learned from: one definition, for training and for serving."""

from pathlib import Path

import pandas as pd

WEATHER = ["temp", "wind_speed", "precip", "visib"]
RAW = ["departs", "origin", "carrier", "distance", *WEATHER]  # a line of CSV, in this order, without a header
FEATURES = ["weekday", "hour", "origin", "carrier", "distance", *WEATHER]  # in the order of training
ORIGINS = ["EWR", "JFK", "LGA"]
KNOWN_SINCE = pd.Timedelta(hours=3)  # the weather of three hours before departure is known two hours before it


def raw_flights(flights: Path, weather: Path, months: int = 12) -> pd.DataFrame:
    """`RAW` of every flight of the first ``months`` that arrived, with ``dest``, ``month`` and ``late`` (1 when more than 15 minutes late on arrival)."""
    flown = pd.read_parquet(flights, filters=[("month", "<=", months)]).dropna(subset=["arr_delay"])
    observed = pd.read_parquet(weather)[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    observed["time_hour"] += KNOWN_SINCE
    joined = flown.merge(observed, on=["origin", "time_hour"], how="left")
    day = pd.to_datetime(joined[["year", "month", "day"]])
    clock = pd.to_timedelta(joined.sched_dep_time // 100 * 60 + joined.sched_dep_time % 100, unit="min")
    columns = joined[["origin", "carrier", "distance", *WEATHER, "dest", "month"]]
    return columns.assign(departs=(day + clock).dt.strftime("%Y-%m-%d %H:%M"), late=(joined.arr_delay > 15).astype(int))


def fit(flights: pd.DataFrame) -> dict:
    """What the transform learns: each airline's share of late flights, and the share of all."""
    rates = flights.groupby("carrier").late.mean()
    return {"carriers": {carrier: round(rate, 4) for carrier, rate in rates.items()}, "overall": round(flights.late.mean(), 4)}


def features(flights: pd.DataFrame, encoder: dict) -> pd.DataFrame:
    """`FEATURES` of flights with the columns `RAW`. An airline that the encoder does not know has the share of all; gaps stay gaps."""
    departs = pd.to_datetime(flights.departs)
    made = flights[["distance", *WEATHER]].assign(
        weekday=departs.dt.dayofweek,
        hour=departs.dt.hour,
        origin=flights.origin.map(ORIGINS.index),
        carrier=flights.carrier.map(encoder["carriers"]).fillna(encoder["overall"]),
    )
    return made[FEATURES]
