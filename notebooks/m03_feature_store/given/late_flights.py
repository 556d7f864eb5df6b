"""Flights with what the model of late flights knows two hours before departure; models of some of its columns, and their AUC."""

from pathlib import Path

import pandas as pd
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

from . import features

SCHEDULE = ["weekday", "minutes", "distance", "carrier", "origin_code"]
STATE = ["departures_2h", "mean_delay_2h"]
FEATURES = [*SCHEDULE, *features.WEATHER, *STATE]
LATE_AFTER = 15  # minutes


def table(flights: pd.DataFrame, weather: Path) -> pd.DataFrame:
    """One row for each flight that arrived, without the state of the airport.

    Parameters
    ----------
    flights : DataFrame
        As `features.flights` returns it.
    weather : Path
        ``aws.data("weather")``.

    Returns
    -------
    DataFrame
        ``flight`` (an id), ``origin``, ``departs``, ``asked_at``, ``late`` (1 when more than 15 minutes late), and the columns `SCHEDULE`
        and `features.WEATHER`, the weather as of ``asked_at``.
    """
    arrived = flights.dropna(subset=["arr_delay"]).reset_index(drop=True)
    day = arrived.departs.dt.tz_convert(features.NEW_YORK).dt.strftime("%Y-%m-%d")
    rows = arrived[["origin", "departs", "asked_at", "weekday", "minutes", "distance"]].assign(
        flight=arrived.carrier + arrived.flight.astype(str) + "-" + arrived.origin + "-" + day,
        late=(arrived.arr_delay > LATE_AFTER).astype(int),
        carrier=arrived.carrier.astype("category").cat.codes,
        origin_code=arrived.origin.astype("category").cat.codes,
    )
    return rows.join(joined(rows, "asked_at", features.weather(weather), features.WEATHER))


def joined(rows: pd.DataFrame, moment: str, records: pd.DataFrame, columns: list[str], direction: str = "backward") -> pd.DataFrame:
    """For each row, the columns of one record of its origin: the newest that is not after the row's ``moment``.

    Parameters
    ----------
    rows : DataFrame
        With ``origin`` and the column ``moment``, times in UTC.
    records : DataFrame
        With ``origin``, ``event_time`` (text or times in UTC) and ``columns``.
    direction : str
        ``"forward"`` takes the first record that is not before the moment instead.
    """
    asked = pd.DataFrame({"origin": rows.origin, "moment": _times(rows[moment]), "place": range(len(rows))}).sort_values("moment")
    known = records[["origin", *columns]].assign(event_time=_times(records.event_time)).sort_values("event_time")
    found = pd.merge_asof(asked, known, left_on="moment", right_on="event_time", by="origin", direction=direction)
    return found.sort_values("place")[columns].set_axis(rows.index)


def _times(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, utc=True).astype("datetime64[us, UTC]")


def trained(rows: pd.DataFrame, columns: list[str], trees: int) -> XGBClassifier:
    model = XGBClassifier(
        n_estimators=trees, max_depth=5, learning_rate=0.15, subsample=0.8, colsample_bytree=0.8, random_state=0, n_jobs=2
    )
    return model.fit(rows[columns], rows.late)


def auc(model: XGBClassifier, rows: pd.DataFrame) -> float:
    """The model's AUC on these flights; it takes the columns that it was trained on."""
    columns = model.get_booster().feature_names
    return roc_auc_score(rows.late, model.predict_proba(rows[columns])[:, 1])
