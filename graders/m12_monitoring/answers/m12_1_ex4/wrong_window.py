"""The length of the window has another name."""

# trips: practice
# says: expected a dict with


def choose(history: pd.DataFrame, costs: dict) -> dict:
    return {"baseline": "past", "window": 7, "limit": 0.5}
