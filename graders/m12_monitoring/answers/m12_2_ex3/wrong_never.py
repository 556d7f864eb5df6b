"""Somebody will notice."""

# trips: dollars
# says: What would an alarm cost there


def watch(days: pd.DataFrame, case: dict) -> dict:
    return {"watch": "never"}
