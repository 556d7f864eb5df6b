"""Checkpoints cost time."""

# trips: distance
# says: Interruptions lose much more


def on_spot(request: dict, facts: dict) -> dict:
    rounds = facts["rounds"]
    waits = {"MaxWaitTimeInSeconds": int(facts["wait_hours"] * 3600)}
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"] | waits,
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
