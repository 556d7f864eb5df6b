"""CloudWatch alarms: evaluated by the clock, with a history and actions."""
