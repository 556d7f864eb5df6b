"""CloudWatch metrics: data points in SQLite, statistics, percentiles and metric math."""
