"""CloudWatch Logs: groups, streams and events in SQLite, with paging and filter patterns."""
