"""CloudWatch: metrics and alarms. moto keeps dashboards.

Other services write metrics by `metrics.store.MetricStore`, and one that collects them first registers ``flush_before_reading``.
`alarms.alarms.Alarms` evaluates alarms by the scheduler and tells its ``listeners`` of each change.
"""
