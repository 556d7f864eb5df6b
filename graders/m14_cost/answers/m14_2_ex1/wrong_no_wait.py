"""MaxRuntimeInSeconds is enough."""

# trips: request
# says: has no `MaxWaitTimeInSeconds`


def on_spot(request: dict, facts: dict) -> dict:
    seconds = (2 * facts["save_seconds"] * facts["lifetime"]) ** 0.5
    rounds = min(max(round(seconds / facts["round_seconds"]), 1), facts["rounds"])
    return request | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": request["StoppingCondition"],
        "CheckpointConfig": {"S3Uri": facts["checkpoints"]},
        "HyperParameters": request["HyperParameters"] | {"save_every": str(rounds)},
    }
