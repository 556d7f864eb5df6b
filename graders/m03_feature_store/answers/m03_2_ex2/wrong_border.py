"""What was known before the asked time counts."""

# trips: unseen
# says: include the asked time itself


def verdict(versions, time):
    rows = versions.sort_values(["event_time", "api_invocation_time"])
    known = rows[rows.event_time < time]
    if known.empty or known.is_deleted.iloc[-1]:
        return "empty"
    later = rows[rows.event_time > time]
    if later.is_deleted.any():
        return "deleted"
    return "late" if known.api_invocation_time.iloc[-1] > time else "same"
