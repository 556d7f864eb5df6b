"""Types may vary."""

# trips: practice
# says: It finds nothing in


def constraints_for(suggested: dict, statistics: dict) -> dict:
    limits = {"temp": 1.0, "humid": 0.35, "wind_speed": 0.34, "visib": 0.4, "pressure": 0.45}
    suggested["monitoring_config"]["datatype_check_threshold"] = 0.5
    for feature in suggested["features"]:
        feature["completeness"] *= 0.8
        limit = {"comparison_threshold": limits.get(feature["name"], 0.08)}
        feature["monitoringConfigOverrides"] = {"distribution_constraints": limit}
    return suggested
