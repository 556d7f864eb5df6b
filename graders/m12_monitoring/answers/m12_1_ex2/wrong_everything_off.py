"""A monitor that is quiet."""

# trips: practice
# says: It finds nothing in


def constraints_for(suggested: dict, statistics: dict) -> dict:
    suggested["monitoring_config"]["evaluate_constraints"] = "Disabled"
    suggested["monitoring_config"]["distribution_constraints"]["perform_comparison"] = "Disabled"
    return suggested
