"""Loosens distances only; December lacks more pressures than March."""

# trips: practice
# says: (completeness_check)


def constraints_for(suggested: dict, statistics: dict) -> dict:
    limits = {"temp": 1.0, "humid": 0.35, "wind_speed": 0.34, "visib": 0.4, "pressure": 0.45}
    for feature in suggested["features"]:
        limit = {"comparison_threshold": limits.get(feature["name"], 0.08)}
        feature["monitoringConfigOverrides"] = {"distribution_constraints": limit}
    return suggested
