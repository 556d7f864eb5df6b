"""CloudWatch alarms: evaluation on the clock of the local AWS, history and actions."""
