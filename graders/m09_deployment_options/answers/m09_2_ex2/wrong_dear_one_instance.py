"""The dear ones get their own endpoint, the rest one instance."""

# trips: regret
# says: The number of shared instances is the same for all


def plan(fleet):
    prices = sorted(model["late_usd"] for model in fleet["models"].values())
    middle = prices[len(prices) // 2]
    return {"own": [name for name, model in fleet["models"].items() if model["late_usd"] > 5 * middle], "shared": 1}
