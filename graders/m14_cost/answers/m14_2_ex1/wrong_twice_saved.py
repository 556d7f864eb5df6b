"""Saving costs as much as a tenth of the work."""

# trips: distance
# says: you save every


def on_spot(request: dict, facts: dict) -> dict:
    seconds = facts["save_seconds"] * 10
    rounds = min(max(round(seconds / facts["round_seconds"]), 1), facts["rounds"])
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
