"""A member that the analyzer does not know."""

# trips: practice
# says: is not where the analyzer reads it


def constraints_for(suggested: dict, statistics: dict) -> dict:
    for feature in suggested["features"]:
        feature["completeness"] *= 0.8
        feature["comparison_threshold"] = 0.5
    return suggested
