"""Numbers as texts."""

# trips: practice
# says: does not take what


def constraints_for(suggested: dict, statistics: dict) -> dict:
    for feature in suggested["features"]:
        feature["monitoringConfigOverrides"] = {"distribution_constraints": {"comparison_threshold": "0.5"}}
    return suggested
