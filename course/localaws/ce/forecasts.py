"""GetCostForecast: the costs of days to come, from those of the last month.

Matches AWS (API reference; recorded answers): horizons, the answer's form, and the refusal without enough history. Differs from AWS: its
model is closed. Here a day costs what the last 30 full days did on average, and the interval comes from their standard deviation, as if
days were independent and normal.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from course.localaws.billing.charges import daily, monthly
from course.localaws.ce.costs import Costs, amount, metric_of_forecast
from course.localaws.ce.periods import Period, spans, time_of
from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid

LEARNED_DAYS, FEWEST_DAYS = 30, 7
HORIZON = {"DAILY": 3, "MONTHLY": 18}  # months
DAY = timedelta(days=1)


class Forecasts:
    """The operation on costs to come.

    Parameters
    ----------
    costs : Costs
    """

    def __init__(self, costs: Costs) -> None:
        self._costs = costs

    def cost(self, context: Context, params: dict) -> dict:
        """GetCostForecast. Raises AwsError ``ValidationException``, ``DataUnavailableException``."""
        metric_of_forecast(params["Metric"])
        granularity, now = params["Granularity"], datetime.fromtimestamp(context.platform.clock.now(), UTC)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = (time_of(params["TimePeriod"][name]) for name in ("Start", "End"))
        _check(begin, end, today, granularity)
        mean, deviation = self._learned(context, params, today)
        factor = (
            statistics.NormalDist().inv_cdf(0.5 + params["PredictionIntervalLevel"] / 200) if "PredictionIntervalLevel" in params else 0.0
        )
        results = []
        for since, until in spans(begin, end, daily if granularity == "DAILY" else monthly):
            days = (until - since) / DAY
            found = {"TimePeriod": {"Start": f"{since:%Y-%m-%d}", "End": f"{until:%Y-%m-%d}"}, "MeanValue": amount(mean * days)}
            if factor:
                half = factor * deviation * days**0.5
                found["PredictionIntervalLowerBound"] = amount(max(0.0, mean * days - half))
                found["PredictionIntervalUpperBound"] = amount(mean * days + half)
            results.append(found)
        return {"Total": {"Amount": amount(mean * ((end - begin) / DAY)), "Unit": "USD"}, "ForecastResultsByTime": results}

    def _learned(self, context: Context, params: dict, today: datetime) -> tuple[float, float]:
        """The mean and the standard deviation of a day's cost. Raises AwsError without enough history."""
        first = context.platform.usage.first()
        known = 0 if first is None else int((today - datetime.fromtimestamp(first, UTC)) / DAY)
        if known < FEWEST_DAYS:
            raise AwsError("DataUnavailableException", "Insufficient amount of historical data")
        days = min(known, LEARNED_DAYS)
        past = Period(today - days * DAY, today, "DAILY")
        by_day: dict[float, float] = defaultdict(float)
        for line in self._costs.selected(context, params, past):
            by_day[line.begin] += line.cost or 0.0
        costs = [by_day[begin.timestamp()] for begin, _ in past.spans()]
        return statistics.fmean(costs), statistics.pstdev(costs)


def _check(begin: datetime, end: datetime, today: datetime, granularity: str) -> None:
    if begin >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if begin < today - DAY:
        raise invalid(f"Earliest supported Start is {today - DAY:%Y-%m-%d}")
    latest = today
    for _ in range(HORIZON[granularity] + 1):
        latest = monthly(latest)
    if end > latest:
        raise invalid(f"Latest supported End is {latest:%Y-%m-%d}")
