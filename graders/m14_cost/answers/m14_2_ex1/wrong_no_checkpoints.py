"""The script saves by itself."""

# trips: request
# says: does not name the place


def on_spot(request: dict, facts: dict) -> dict:
    seconds = (2 * facts["save_seconds"] * facts["lifetime"]) ** 0.5
    rounds = min(max(round(seconds / facts["round_seconds"]), 1), facts["rounds"])
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
