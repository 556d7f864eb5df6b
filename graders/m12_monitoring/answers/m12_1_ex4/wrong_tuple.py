"""Returns a tuple."""

# trips: practice
# says: expected


def choose(history: pd.DataFrame, costs: dict) -> tuple:
    return "past", 7, 0.5
