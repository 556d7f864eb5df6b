def warm_start(new, earlier):
    names = sorted([*new["ranges"], *new["static"]])
    identical, related = [], []
    for job in earlier:
        if job["status"] not in {"Completed", "Stopped", "Failed"} or not job["succeeded"]:
            continue
        if job["objective"] != new["objective"] or sorted([*job["ranges"], *job["static"]]) != names:
            continue
        if any(name in job["ranges"] and job["ranges"][name] != kind for name, kind in new["ranges"].items()):
            continue
        if job["image"].partition(":")[0] != new["image"].partition(":")[0]:
            continue
        (identical if (job["image"], job["data"]) == (new["image"], new["data"]) else related).append(job)
    kind, parents = ("IdenticalDataAndAlgorithm", identical) if identical else ("TransferLearning", related)
    if not parents:
        return None
    parents.sort(key=lambda job: -job["succeeded"])
    return {"WarmStartType": kind, "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": job["name"]} for job in parents[:5]]}
