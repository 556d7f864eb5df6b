"""EventBridge Scheduler: schedules that invoke a target at times, once or again and again, and groups of schedules.

`schedules.Schedules` fires them on the clock of the local AWS. Targets, deliveries and the durable state are EventBridge's
(`course.localaws.events`).
"""
