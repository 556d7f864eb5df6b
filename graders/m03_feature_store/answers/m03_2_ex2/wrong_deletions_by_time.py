"""A later deletion cannot change the past."""

# trips: unseen
# says: What does a deletion after the asked time do


def verdict(versions, time):
    rows = versions.sort_values(["event_time", "api_invocation_time"])
    known = rows[rows.event_time <= time]
    if known.empty or known.is_deleted.iloc[-1]:
        return "empty"
    return "late" if known.api_invocation_time.iloc[-1] > time else "same"
