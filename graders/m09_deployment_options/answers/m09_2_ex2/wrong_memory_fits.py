"""As many instances as it takes to hold all models."""

# trips: regret
# says: All models share in every fleet
import math


def plan(fleet):
    return {"own": [], "shared": math.ceil(sum(model["gb"] for model in fleet["models"].values()) / fleet["memory_gb"])}
