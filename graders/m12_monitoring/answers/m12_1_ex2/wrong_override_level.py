"""The limit is one level too high."""

# trips: practice
# says: belongs in `distribution_constraints` of `monitoringConfigOverrides`


def constraints_for(suggested: dict, statistics: dict) -> dict:
    for feature in suggested["features"]:
        feature["completeness"] *= 0.8
        feature["monitoringConfigOverrides"] = {"comparison_threshold": 0.5}
    return suggested
