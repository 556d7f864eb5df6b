"""The default limit, each day, against the training data."""

# trips: practice
# says: Your limit is always the same


def choose(history: pd.DataFrame, costs: dict) -> dict:
    return {"baseline": "training", "days": 1, "limit": 0.1}
