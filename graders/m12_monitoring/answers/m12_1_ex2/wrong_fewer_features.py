"""Takes the features out that make trouble."""

# trips: practice
# says: Extra columns


def constraints_for(suggested: dict, statistics: dict) -> dict:
    suggested["features"] = [each for each in suggested["features"] if each["name"] not in ("temp", "pressure")]
    return suggested
