"""EventBridge: event buses, rules that match events or fire on schedule, and the delivery of events to targets.

`bus.EventBridge` routes events. Every other package sends its events there. `patterns` and `matchers` decide which rules match, `inputs`
makes what a target receives, `deliveries` keeps each delivery until it has succeeded or failed for good, and `targets` has the kinds of
targets. `timers` fires rules on the clock; EventBridge Scheduler (`course.localaws.scheduler`) uses it, `deliveries` and `targets`, too.
"""
