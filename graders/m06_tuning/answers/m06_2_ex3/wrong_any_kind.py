"""A name is a name, whatever its kind."""

# trips: parents
# says: has each the same kind in both


def possible(new, job):
    kinds = True
    names = {*job["ranges"], *job["static"]} == {*new["ranges"], *new["static"]}
    algorithm = job["image"].split(":")[0] == new["image"].split(":")[0]
    ended = job["status"] in ("Completed", "Stopped", "Failed") and job["succeeded"] > 0
    return ended and algorithm and kinds and names and job["objective"] == new["objective"]


def warm_start(new, earlier):
    parents = [job for job in earlier if possible(new, job)]
    same = [job for job in parents if job["data"] == new["data"] and job["image"] == new["image"]]
    chosen = sorted(same or parents, key=lambda job: job["succeeded"], reverse=True)[:5]
    if not chosen:
        return None
    return {
        "WarmStartType": "IdenticalDataAndAlgorithm" if same else "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": job["name"]} for job in chosen],
    }
