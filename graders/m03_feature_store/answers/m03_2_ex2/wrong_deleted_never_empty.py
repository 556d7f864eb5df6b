"""What was deleted before the asked time is deleted, too."""

# trips: unseen
# says: valid when the last thing known is a deletion


def verdict(versions, time):
    rows = versions.sort_values(["event_time", "api_invocation_time"])
    known = rows[rows.event_time <= time]
    if known.empty:
        return "empty"
    if rows.is_deleted.iloc[known.index.size - 1 :].any():
        return "deleted"
    return "late" if known.api_invocation_time.iloc[-1] > time else "same"
