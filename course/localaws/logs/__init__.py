"""CloudWatch Logs: groups, streams and events in SQLite, with paging and filter patterns.

Other services write by `store.LogStore`: ``append(region, group, stream, lines)`` makes group and stream where they are missing.
"""
