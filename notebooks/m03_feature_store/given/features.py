"""The tables of the four feature groups, computed from the flights of 2013. Each row has an event time: when its values became known.

Every table has a column ``event_time``: text in UTC, such as ``2013-07-09T13:00:00Z``. It is not the time that the values describe: the
weather of 12:00 is published at 13:00, and the delays of a day are complete in the night after it. Gaps stay gaps (NaN).
"""

from pathlib import Path

import pandas as pd

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
WEATHER = ["temp", "wind_speed", "precip", "visib", "pressure"]
NEW_YORK = "America/New_York"
PUBLISHED_AFTER = pd.Timedelta(hours=1)  # an hour's weather is known an hour later
PREDICTED_BEFORE = pd.Timedelta(hours=2)  # the model is asked two hours before the scheduled departure
DAY_COMPLETE = pd.Timedelta(hours=27)  # the last flights of a day land before three in the morning
WINDOW = pd.Timedelta(hours=2)  # of airport_state
PLANES_KNOWN = "2013-01-01T00:00:00Z"  # the registry of planes has no times: all were known before the year began


def text(times: pd.Series) -> pd.Series:
    """Times in UTC as Feature Store reads them, such as ``2013-07-09T13:00:00Z``."""
    return times.dt.strftime(FORMAT)


def flights(path: Path, months: tuple[int, int] = (1, 12)) -> pd.DataFrame:
    """The flights from the first of ``months`` to the last, one row each, by scheduled departure.

    Parameters
    ----------
    path : Path
        ``aws.data("flights")``.
    months : tuple of int
        First and last month, 1 to 12.

    Returns
    -------
    DataFrame
        ``carrier``, ``flight``, ``origin``, ``dest``, ``tailnum``, ``distance`` (miles), ``sched_dep_time`` (hhmm, New York); ``departs``
        (scheduled departure) and ``asked_at`` (two hours earlier), both times in UTC; ``weekday`` (0 is Monday) and ``minutes`` (since
        midnight), both in New York; ``dep_delay`` and ``arr_delay`` (minutes, NaN for a flight that did not depart or arrive).
    """
    found = pd.read_parquet(path, filters=[("month", ">=", months[0]), ("month", "<=", months[1])])
    departs = found.time_hour + pd.to_timedelta(found.minute, unit="min")
    local = departs.dt.tz_convert(NEW_YORK)
    kept = ["carrier", "flight", "origin", "dest", "tailnum", "distance", "sched_dep_time"]
    table = found[kept].assign(
        departs=departs,
        asked_at=departs - PREDICTED_BEFORE,
        weekday=local.dt.dayofweek,
        minutes=local.dt.hour * 60 + local.dt.minute,
        dep_delay=found.dep_delay,
        arr_delay=found.arr_delay,
    )
    return table.sort_values(["departs", "carrier", "flight", "origin"], ignore_index=True)


def weather(path: Path) -> pd.DataFrame:
    """The group *weather*: ``origin``, ``event_time`` and `WEATHER`, a row for each airport and hour. ``path`` is ``aws.data("weather")``."""
    observed = pd.read_parquet(path).drop_duplicates(["origin", "time_hour"]).sort_values(["time_hour", "origin"], ignore_index=True)
    return observed[["origin"]].assign(event_time=text(observed.time_hour + PUBLISHED_AFTER), **{name: observed[name] for name in WEATHER})


def planes(path: Path) -> pd.DataFrame:
    """The group *planes*: ``tailnum``, ``event_time``, ``built`` (year), ``seats`` and ``engines``. ``path`` is ``aws.data("planes")``."""
    known = pd.read_parquet(path)
    return known[["tailnum"]].assign(event_time=PLANES_KNOWN, built=known.year, seats=known.seats, engines=known.engines)


def carrier_day(flown: pd.DataFrame) -> pd.DataFrame:
    """The group *carrier_day*: how late the flights of each carrier arrived on one day, known in the night after it.

    Parameters
    ----------
    flown : DataFrame
        As `flights` returns it.

    Returns
    -------
    DataFrame
        ``carrier``, ``event_time``, ``flights_of_day`` (that arrived), ``share_late`` (more than 15 minutes) and ``mean_arr_delay`` (minutes).
    """
    arrived = flown.dropna(subset=["arr_delay"])
    day = arrived.departs.dt.tz_convert(NEW_YORK).dt.tz_localize(None).dt.normalize().rename("day")
    grouped = arrived.assign(late=arrived.arr_delay > 15).groupby([day, "carrier"])
    table = grouped.agg(flights_of_day=("late", "size"), share_late=("late", "mean"), mean_arr_delay=("arr_delay", "mean")).reset_index()
    known = (table.day + DAY_COMPLETE).dt.tz_localize(NEW_YORK).dt.tz_convert("UTC")
    return table[["carrier"]].assign(event_time=text(known), **table.drop(columns=["day", "carrier"]).round(4))


def airport_state(flown: pd.DataFrame, every: str = "30min") -> pd.DataFrame:
    """The group *airport_state*: how late the planes of the last two hours left each airport.

    Parameters
    ----------
    flown : DataFrame
        As `flights` returns it.
    every : str
        The time between two rows of an airport, as pandas writes it.

    Returns
    -------
    DataFrame
        ``origin``, ``event_time``, ``departures_2h`` (how many left in the two hours up to then) and ``mean_delay_2h`` (their mean delay at
        departure in minutes, NaN when none left).
    """
    left = flown.dropna(subset=["dep_delay"])
    left = left.assign(left_at=left.departs + pd.to_timedelta(left.dep_delay, unit="min")).sort_values("left_at")
    times = pd.date_range(left.left_at.min().ceil("D"), left.left_at.max().floor("D"), freq=every)
    tables = [_state_of(origin, planes.left_at, planes.dep_delay, times) for origin, planes in left.groupby("origin")]
    return pd.concat(tables).sort_values(["event_time", "origin"], ignore_index=True)


def _state_of(origin: str, left_at: pd.Series, delays: pd.Series, times: pd.DatetimeIndex) -> pd.DataFrame:
    """The rows of one airport. A plane that leaves at the row's very moment counts; one that left exactly two hours before does not."""
    total = pd.Series([0.0, *delays.cumsum()])
    until, since = (left_at.searchsorted(moments, side="right") for moments in (times, times - WINDOW))
    count = until - since
    mean = (total.to_numpy()[until] - total.to_numpy()[since]) / pd.Series(count).where(count > 0)
    return pd.DataFrame({"origin": origin, "event_time": times.strftime(FORMAT), "departures_2h": count, "mean_delay_2h": mean.round(2)})
