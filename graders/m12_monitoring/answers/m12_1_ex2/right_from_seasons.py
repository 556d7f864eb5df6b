# The worst of all months, with room: measured once, outside of the function.
WORST = seasons(flights.sample(60_000, random_state=1), FEATURES)


def constraints_for(suggested: dict, statistics: dict) -> dict:
    features = []
    for feature in suggested["features"]:
        known = WORST.loc[feature["name"]]
        compared = {"perform_comparison": "Enabled", "comparison_method": "Robust"}
        compared["comparison_threshold"] = float(min(1, known["largest distance"] + 0.05))
        features.append(
            {
                **feature,
                "completeness": float(known["least completeness"] * 0.92),
                "monitoringConfigOverrides": {"distribution_constraints": compared},
            }
        )
    return {**suggested, "features": features}
