"""Nobody is ever called."""

# trips: calls
# says: months are called rightly


def triage(usual: pd.DataFrame, now: dict) -> str:
    return "nobody"
