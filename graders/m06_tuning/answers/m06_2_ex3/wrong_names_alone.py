"""The parents are a list of names."""

# trips: practice
# says: a HyperParameterTuningJobName for each parent


def possible(new, job):
    kinds = all(new["ranges"].get(name, kind) == kind for name, kind in job["ranges"].items())
    names = {*job["ranges"], *job["static"]} == {*new["ranges"], *new["static"]}
    algorithm = job["image"].split(":")[0] == new["image"].split(":")[0]
    ended = job["status"] in ("Completed", "Stopped", "Failed") and job["succeeded"] > 0
    return ended and algorithm and kinds and names and job["objective"] == new["objective"]


def warm_start(new, earlier):
    chosen = [job["name"] for job in earlier if possible(new, job)]
    return {"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": chosen} if chosen else None
