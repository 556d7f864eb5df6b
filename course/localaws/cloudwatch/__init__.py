"""CloudWatch: metrics and alarms. moto keeps dashboards.

Other services write metrics to `metrics.store.MetricStore`. A service that buffers metrics registers ``flush_before_reading``.
The scheduler makes `alarms.alarms.Alarms` evaluate alarms; it calls its ``listeners`` after each change.
"""
