"""The more parents, the more is known."""

# trips: parents
# says: parent that has not ended


def warm_start(new, earlier):
    same = [job for job in earlier if job["data"] == new["data"] and job["image"] == new["image"]]
    chosen = sorted(same or earlier, key=lambda job: job["succeeded"], reverse=True)[:5]
    kind = "IdenticalDataAndAlgorithm" if same else "TransferLearning"
    if not chosen:
        return None
    return {
        "WarmStartType": kind,
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": job["name"]} for job in chosen],
    }
