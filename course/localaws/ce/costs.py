"""GetCostAndUsage, GetDimensionValues and GetTags, answered from the charges.

Matches AWS (API reference, and recorded answers): what is grouped and what is not, amounts as text with up to ten decimals, and units.
Differs from AWS: data are there at once instead of within a day, every cost metric has the same amount, and nothing is answered in pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from course.localaws.billing.charges import Charge, charges
from course.localaws.ce import expressions
from course.localaws.ce.periods import STEPS, Period, period
from course.localaws.ce.tags import CostAllocationTags
from course.localaws.context import Context
from course.localaws.core.errors import invalid, not_supported

COSTS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
USAGE, NORMALIZED = "UsageQuantity", "NormalizedUsageAmount"
MOST_GROUPS = 2
Key = Callable[[Charge], str]


class Costs:
    """The operations on the bill.

    Parameters
    ----------
    tags : CostAllocationTags
    """

    def __init__(self, tags: CostAllocationTags) -> None:
        self._tags = tags

    def usage(self, context: Context, params: dict) -> dict:
        """GetCostAndUsage."""
        return self._answer(context, params, by_resource=False)

    def usage_with_resources(self, context: Context, params: dict) -> dict:
        """GetCostAndUsageWithResources."""
        return self._answer(context, params, by_resource=True)

    def dimension_values(self, context: Context, params: dict) -> dict:
        """GetDimensionValues."""
        value = expressions.dimension(context.account, params["Dimension"])
        values = [each for each in self._values(context, params, lambda charge: [value(charge)]) if each]
        return {"DimensionValues": [{"Value": each, "Attributes": {}} for each in values]} | _sizes(values)

    def tags(self, context: Context, params: dict) -> dict:
        """GetTags: the keys, or the values of a key."""
        key = params.get("TagKey")

        def of(charge: Charge) -> Iterable[str]:
            return [expressions.tag(charge, key) or ""] if key else dict(charge.tags)

        values = self._values(context, params, of)
        return {"Tags": values} | _sizes(values)

    def _values(self, context: Context, params: dict, of: Callable[[Charge], Iterable[str]]) -> list[str]:
        asked = period(params["TimePeriod"], "MONTHLY", context.platform.clock.now())
        found = {value for charge in self.selected(context, params, asked) for value in of(charge)}
        return sorted(value for value in found if params.get("SearchString", "").lower() in value.lower())

    def _answer(self, context: Context, params: dict, by_resource: bool) -> dict:
        metrics, groups = [_metric(name) for name in params["Metrics"]], params.get("GroupBy", [])
        if len(groups) > MOST_GROUPS:
            raise invalid("Only two values for GroupBy are allowed")
        keys = [_key(context.account, each, by_resource) for each in groups]
        asked = period(params["TimePeriod"], params["Granularity"], context.platform.clock.now())
        by_span: dict[float, list[Charge]] = defaultdict(list)
        for charge in self.selected(context, params, asked, by_resource):
            by_span[charge.begin].append(charge)
        month = datetime.fromtimestamp(context.platform.clock.now(), UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        results = []
        for begin, end in asked.spans():
            lines = by_span.get(begin.timestamp(), [])
            results.append(
                {
                    "TimePeriod": {"Start": asked.text(begin), "End": asked.text(end)},
                    "Total": {} if keys else _metrics(metrics, lines),
                    "Groups": _groups(keys, metrics, lines) if keys else [],
                    "Estimated": end > month,
                }
            )
        answer = {"ResultsByTime": results, "DimensionValueAttributes": []}
        return answer | ({"GroupDefinitions": [{"Type": each["Type"], "Key": each["Key"]} for each in groups]} if groups else {})

    def selected(self, context: Context, params: dict, asked: Period, by_resource: bool = False) -> list[Charge]:
        """The lines of a time that the ``Filter`` of a request selects. Raises AwsError."""
        given = params.get("Filter")
        selected = expressions.test(context.account, given, by_resource) if given else (lambda charge: True)
        platform = context.platform
        platform.requests.flush()
        begin, end = asked.begin.timestamp(), asked.end.timestamp()
        step, now = STEPS[asked.granularity], platform.clock.now()
        found = charges(platform.usage, begin, end, step, now, self._tags.active(), by_resource)
        return [charge for charge in found if selected(charge)]


def _metric(name: str) -> str:
    """A metric as answers name it; requests may write it in the form of the enumeration, too."""
    known = {each.lower(): each for each in (*COSTS, USAGE, NORMALIZED)}
    found = known.get(name.replace("_", "").lower())
    if found is None:
        raise not_supported("ce", f"the metric {name}")
    return found


def metric_of_forecast(name: str) -> None:
    """Check the metric of a forecast. Raises AwsError."""
    if _metric(name) not in COSTS:
        raise invalid(f"The metric of a forecast of costs is one of {', '.join(COSTS)}; got {name}.")


def _key(account: str, group: dict, by_resource: bool) -> Key:
    """The key of a group: the value of a dimension, or a tag with its value: ``team$ops``."""
    name = group["Key"]
    if group["Type"] == "DIMENSION":
        return expressions.dimension(account, name, by_resource)
    if group["Type"] == "TAG":
        return lambda charge: f"{name}${expressions.tag(charge, name) or ''}"
    raise not_supported("ce", f"groups by {group['Type']}")


def _groups(keys: list[Key], metrics: list[str], lines: Iterable[Charge]) -> list[dict]:
    found: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in lines:
        found[tuple(key(charge) for key in keys)].append(charge)
    return [{"Keys": list(values), "Metrics": _metrics(metrics, found[values])} for values in sorted(found)]


def _metrics(names: list[str], lines: list[Charge]) -> dict[str, dict[str, str]]:
    cost, units = sum(charge.cost or 0.0 for charge in lines), {charge.unit for charge in lines}
    unit = next(iter(units)) if len(units) == 1 and "" not in units else "N/A"
    found = {}
    for name in names:
        if name == USAGE:
            found[name] = {"Amount": amount(sum(charge.amount for charge in lines)), "Unit": unit}
        elif name == NORMALIZED:
            found[name] = {"Amount": "0", "Unit": "N/A"}  # AWS normalises instances of EC2 and RDS only
        else:
            found[name] = {"Amount": amount(cost), "Unit": "USD"}
    return found


def amount(value: float) -> str:
    """A number as Cost Explorer writes it: ``"3.2482370666"``, ``"0.0000035"``, ``"389"``, ``"0"``."""
    return f"{value:.10f}".rstrip("0").rstrip(".") or "0"


def _sizes(values: list[str]) -> dict[str, int]:
    return {"ReturnSize": len(values), "TotalSize": len(values)}
