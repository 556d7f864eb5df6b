"""Model Monitor: monitoring schedules of endpoints and of batch transform jobs.

`schedules` and `job_definitions` have the operations, and `checks` what both check. `monitoring_job` is what a schedule runs. `runner` runs
it at the times of `timing`: it records an execution (`executions`), starts its processing jobs (`jobs`) over its data (`captured_data`),
publishes the metrics that they wrote (`metrics`) and counts violations (`alerts`).
"""
