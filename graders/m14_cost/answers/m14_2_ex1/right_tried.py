"""All distances are tried, on the expected time of exponential lifetimes."""


def on_spot(request: dict, facts: dict) -> dict:
    from math import expm1

    def billed(every):
        saved = (facts["rounds"] - 1) // every
        parts = [every * facts["round_seconds"] + facts["save_seconds"]] * saved
        parts.append((facts["rounds"] - saved * every) * facts["round_seconds"])
        return sum(expm1(min(each / facts["lifetime"], 700)) for each in set(parts[:1])) * max(saved, 0) + expm1(
            min(parts[-1] / facts["lifetime"], 700)
        )

    rounds = min(range(1, facts["rounds"] + 1), key=billed)
    changed = dict(request)
    changed["EnableManagedSpotTraining"] = True
    changed["StoppingCondition"] = {**request["StoppingCondition"], "MaxWaitTimeInSeconds": round(facts["wait_hours"] * 3600)}
    changed["CheckpointConfig"] = {"S3Uri": facts["checkpoints"].rstrip("/"), "LocalPath": "/opt/ml/checkpoints"}
    changed["HyperParameters"] = {**request["HyperParameters"], "save_every": f"{rounds}"}
    return changed
