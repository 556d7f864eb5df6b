"""CloudTrail: the event history, read from the request log."""
