def verdict(versions, time):
    valid = None
    for row in sorted(versions.to_dict("records"), key=lambda row: (row["event_time"], row["api_invocation_time"])):
        if row["event_time"] <= time:
            valid = row
        elif row["is_deleted"] and valid is not None and not valid["is_deleted"]:
            return "deleted"
    if valid is None or valid["is_deleted"]:
        return "empty"
    return "same" if valid["api_invocation_time"] <= time else "late"
