"""The rule of the lesson is the request."""

# trips: request
# says: has no


def watch(days: pd.DataFrame, case: dict) -> dict:
    return {"watch": "alarm", "alarm": alarm(0.6, 3, 3)}
