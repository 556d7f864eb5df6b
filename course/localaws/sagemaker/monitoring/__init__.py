"""Model Monitor: monitoring schedules of endpoints, for data quality.

`schedules` and `job_definitions` have the operations. `runner` runs a schedule at the times of `timing`: it records an execution
(`executions`), starts its processing job (`jobs`) and publishes the metrics that the job wrote (`metrics`).
"""
