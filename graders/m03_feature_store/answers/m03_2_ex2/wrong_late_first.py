"""First the arrival, then the deletion."""

# trips: unseen
# says: has the builder a row at all


def verdict(versions, time):
    rows = versions.sort_values(["event_time", "api_invocation_time"])
    known = rows[rows.event_time <= time]
    if known.empty or known.is_deleted.iloc[-1]:
        return "empty"
    if known.api_invocation_time.iloc[-1] > time:
        return "late"
    later = rows[rows.event_time > time]
    if later.is_deleted.any():
        return "deleted"
    return "same"
