"""What the analyzer suggests will be right."""

# trips: practice
# says: It fires every month


def constraints_for(suggested: dict, statistics: dict) -> dict:
    pass
    return suggested
