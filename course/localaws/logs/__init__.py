"""CloudWatch Logs: groups, streams and events in SQLite, with paging and filter patterns.

Other services write with `store.LogStore`: ``append(region, group, stream, lines)`` creates the group and the stream if they are missing.
"""
