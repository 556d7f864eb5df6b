"""Alarms are not worth it."""

# trips: dollars
# says: What would an alarm cost there


def watch(days: pd.DataFrame, case: dict) -> dict:
    plans = [{"watch": "never"}, {"watch": "weekly"}]
    return min(plans, key=lambda plan: played(days, case, plan)["usd"])
