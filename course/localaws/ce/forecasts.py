"""GetCostForecast and GetUsageForecast: the costs and the usage of days to come, from those of the last month.

Matches AWS (API reference; recorded answers): horizons, the answer's form, and the refusal without enough history. Differs from AWS: its
model is closed. Here a day costs what the last 30 full days did on average, and the interval comes from their standard deviation, as if
days were independent and normal.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from course.localaws.billing.charges import Charge, daily, monthly
from course.localaws.ce.costs import Costs, amount, metric_of_forecast
from course.localaws.ce.periods import Period, spans, time_of
from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid, not_supported

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
        return self._answer(context, params, lambda line: line.cost or 0.0)

    def usage(self, context: Context, params: dict) -> dict:
        """GetUsageForecast. Raises AwsError as `cost`, and ``UnresolvableUsageUnitException`` for usage in several units."""
        if params["Metric"] != "USAGE_QUANTITY":
            raise not_supported("ce", f"a forecast of {params['Metric']}")
        return self._answer(context, params, lambda line: line.amount, of_usage=True)

    def _answer(self, context: Context, params: dict, amount_of: Callable[[Charge], float], of_usage: bool = False) -> dict:
        granularity, now = params["Granularity"], datetime.fromtimestamp(context.platform.clock.now(), UTC)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = (time_of(params["TimePeriod"][name]) for name in ("Start", "End"))
        _check(begin, end, today, granularity)
        lines, past_days = self._learned(context, params, today)
        unit = _unit(lines) if of_usage else "USD"
        mean, deviation = _by_day(lines, past_days, today, amount_of)
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
        return {"Total": {"Amount": amount(mean * ((end - begin) / DAY)), "Unit": unit}, "ForecastResultsByTime": results}

    def _learned(self, context: Context, params: dict, today: datetime) -> tuple[list[Charge], int]:
        """The lines of the last days, and how many days these are. Raises AwsError without enough history."""
        first = context.platform.usage.first()
        known = 0 if first is None else int((today - datetime.fromtimestamp(first, UTC)) / DAY)
        if known < FEWEST_DAYS:
            raise AwsError("DataUnavailableException", "Insufficient amount of historical data")
        days = min(known, LEARNED_DAYS)
        return self._costs.selected(context, params, Period(today - days * DAY, today, "DAILY")), days


def _by_day(lines: list[Charge], days: int, today: datetime, amount_of: Callable[[Charge], float]) -> tuple[float, float]:
    """The mean and the standard deviation of a day."""
    found = dict.fromkeys(((today - number * DAY).timestamp() for number in range(1, days + 1)), 0.0)
    for line in lines:
        found[line.begin] += amount_of(line)
    return statistics.fmean(found.values()), statistics.pstdev(found.values())


def _unit(lines: list[Charge]) -> str:
    """The unit of all lines. Raises AwsError ``UnresolvableUsageUnitException`` unless there is exactly one."""
    units = sorted({line.unit for line in lines})
    if len(units) != 1:
        found = f"has the units {', '.join(units)}" if units else "is none"
        raise AwsError("UnresolvableUsageUnitException", f"A forecast needs usage of one unit; what the filter selects {found}.")
    return units[0]


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
