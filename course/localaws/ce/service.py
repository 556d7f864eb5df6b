"""Cost Explorer behind the gateway. moto keeps cost categories; anomalies and recommendations are refused."""

from __future__ import annotations

from course.localaws.ce import commitments
from course.localaws.ce.costs import Costs
from course.localaws.ce.forecasts import Forecasts
from course.localaws.ce.tags import CostAllocationTags
from course.localaws.context import Context
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``ce``."""
    tags = CostAllocationTags(platform.state / "ce.db", platform.usage, platform.clock)
    platform.allocation_tags = tags
    costs = Costs(tags)

    def listed(context: Context, params: dict) -> dict:
        return {"CostAllocationTags": tags.listed(params)}

    def updated(context: Context, params: dict) -> dict:
        tags.update(params["CostAllocationTagsStatus"])
        return {"Errors": []}

    forecasts = Forecasts(costs)
    operations = {
        **commitments.operations(),
        "GetCostAndUsage": costs.usage,
        "GetCostForecast": forecasts.cost,
        "GetUsageForecast": forecasts.usage,
        "GetCostAndUsageWithResources": costs.usage_with_resources,
        "GetDimensionValues": costs.dimension_values,
        "GetTags": costs.tags,
        "ListCostAllocationTags": listed,
        "UpdateCostAllocationTagsStatus": updated,
    }
    return Service("ce", platform, operations, fallback=platform.moto, run=in_thread, stages=stages, backend=tags)
