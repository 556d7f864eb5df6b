"""Flights with the moment at which the app asks about them, and the one at which it is known what became of them."""

from pathlib import Path

import pandas as pd
from given.schedule import COLUMNS, table

ASKED_BEFORE = pd.Timedelta(hours=2)
ON_THE_GROUND = 25  # minutes between gate and take-off, and between landing and gate


def flown(flights: Path, weather: Path) -> pd.DataFrame:
    """`given.schedule.table` with ``date`` and, as hours since the midnight that begins it, ``asked`` and ``known``.

    Parameters
    ----------
    flights, weather : Path
        The course's Parquet files, ``aws.data("flights")`` and ``aws.data("weather")``.
    """
    raw = pd.read_parquet(flights).dropna(subset=["arr_delay"]).reset_index(drop=True)
    rows = table(flights, weather).reset_index(drop=True)
    scheduled = raw.sched_dep_time // 100 + raw.sched_dep_time % 100 / 60
    gate = scheduled + (raw.dep_delay + raw.air_time + ON_THE_GROUND) / 60
    return rows.assign(
        date=pd.to_datetime(raw[["year", "month", "day"]]), asked=scheduled - ASKED_BEFORE / pd.Timedelta(hours=1), known=gate
    )


def lines(flights: pd.DataFrame) -> list[str]:
    """The flights as lines of CSV, as the endpoint takes them."""
    return flights[COLUMNS].to_csv(index=False, header=False).split()
