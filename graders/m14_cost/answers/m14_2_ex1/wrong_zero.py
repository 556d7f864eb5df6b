"""The quotient is cut off, down to nothing."""

# trips: distance
# says: from 1 to


def on_spot(request: dict, facts: dict) -> dict:
    seconds = (2 * facts["save_seconds"] * facts["lifetime"]) ** 0.5
    rounds = min(int(seconds / facts["round_seconds"]), facts["rounds"])
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
