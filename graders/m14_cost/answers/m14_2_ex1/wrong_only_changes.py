"""The changes are returned."""

# trips: request
# says: has no `


def on_spot(request: dict, facts: dict) -> dict:
    seconds = (2 * facts["save_seconds"] * facts["lifetime"]) ** 0.5
    rounds = min(max(round(seconds / facts["round_seconds"]), 1), facts["rounds"])
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
