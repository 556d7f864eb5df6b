"""Plays past days under a CloudWatch alarm on a daily metric, or without one, and adds up what that costs."""

import numpy as np
import pandas as pd

MOST = 60  # days after which somebody notices a fault without being told
HALF_YEAR = 184  # days
FIRST, EVERY = 7, 3  # the first day on which a fault may begin, and the days between two such days
COMPARISONS = {
    "LessThanThreshold": np.less,
    "LessThanOrEqualToThreshold": np.less_equal,
    "GreaterThanThreshold": np.greater,
    "GreaterThanOrEqualToThreshold": np.greater_equal,
}


def pages(values: np.ndarray, alarm: dict) -> np.ndarray:
    """Whether somebody is paged, by day: an alarm acts only when it *goes* to ALARM, and not while it stays there.

    Parameters
    ----------
    values : ndarray
        The metric by day, along the last axis.
    alarm : dict
        A request of PutMetricAlarm.
    """
    last, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    breaches = COMPARISONS[alarm["ComparisonOperator"]](values, alarm["Threshold"])
    total = np.cumsum(breaches, axis=-1)
    before = np.concatenate([np.zeros((*total.shape[:-1], last), dtype=int), total], axis=-1)[..., : total.shape[-1]]
    state = total - before >= needed
    return state & ~np.concatenate([np.zeros((*state.shape[:-1], 1), dtype=bool), state[..., :-1]], axis=-1)


def played(days: pd.DataFrame, case: dict, plan: dict) -> dict:
    """What a plan costs in half a year, on average over faults and the days on which they may begin.

    Parameters
    ----------
    days : DataFrame
        A row for each day and fault (``""`` is the sound service): ``day`` from 0, ``fault``, the metrics, and ``usd`` a flight.
    case : dict
        As in exercise 12.2.3.
    plan : dict
        ``{"watch": "never"}``, ``{"watch": "weekly"}``, or ``{"watch": "alarm", "alarm": <request of PutMetricAlarm>}``.

    Returns
    -------
    dict
        ``usd`` in half a year, ``false_alarms`` in half a year, and ``days_unnoticed`` of a fault.
    """
    tables = {fault: rows.sort_values("day") for fault, rows in days.groupby("fault")}
    sound, count, false = tables.pop(""), days.day.max() + 1, 0.0
    if plan["watch"] == "alarm":
        false = pages(sound[plan["alarm"]["MetricName"]].to_numpy(), plan["alarm"]).sum() * HALF_YEAR / count
    starts = np.arange(FIRST, count - MOST, EVERY)
    unnoticed, harm = [], []
    for rows in tables.values():
        extra = np.concatenate([[0], np.cumsum(rows.usd.to_numpy() - sound.usd.to_numpy())])
        unnoticed.append(_unnoticed(sound, rows, starts, plan))
        harm.append(extra[starts + unnoticed[-1]] - extra[starts])
    paid = {"never": 0, "weekly": HALF_YEAR / 7}.get(plan["watch"], false + case["incidents"])
    usd = paid * case["page_usd"] + case["incidents"] * case["flights_a_day"] * np.mean(harm)
    return {"usd": float(usd), "false_alarms": float(false), "days_unnoticed": float(np.mean(unnoticed))}


def _unnoticed(sound: pd.DataFrame, faulty: pd.DataFrame, starts: np.ndarray, plan: dict) -> np.ndarray:
    """For each first day of a fault, the days until somebody knows of it. The labels of a day are there on the next one."""
    if plan["watch"] != "alarm":
        return np.full(len(starts), MOST) if plan["watch"] == "never" else -starts % 7 + 1
    name, day = plan["alarm"]["MetricName"], np.arange(len(sound))
    values = np.where(day < starts[:, None], sound[name].to_numpy(), faulty[name].to_numpy())
    paged = pages(values, plan["alarm"]) & (day >= starts[:, None])
    first = np.where(paged.any(axis=1), paged.argmax(axis=1) - starts + 1, MOST)
    return np.minimum(first, MOST)
