"""Nobody gets up."""

# trips: practice
# says: Your limit is always the same


def choose(history: pd.DataFrame, costs: dict) -> dict:
    return {"baseline": "past", "days": 28, "limit": 1.0}
