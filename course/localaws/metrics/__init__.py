"""CloudWatch metrics: data points in SQLite, statistics by AWS's periods, percentiles and metric arithmetic."""

from course.localaws.metrics.service import monitoring_service
from course.localaws.metrics.store import MetricStore

__all__ = ["MetricStore", "monitoring_service"]
