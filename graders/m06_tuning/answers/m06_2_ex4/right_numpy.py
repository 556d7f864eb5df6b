import numpy as np


def early_stopping(jobs, setup):
    averages, stopped, trained, values = [], [], [], []
    for place, job in enumerate(jobs):
        curve = np.array(job["auc"])
        ended = len(curve)
        if len(averages) > 2:
            behind = np.flatnonzero(curve[:-1] < np.median(averages, axis=0)[:-1])
            if len(behind):
                ended = int(behind[0]) + 1
                stopped.append(place)
        if ended == len(curve):
            averages.append(np.cumsum(curve) / np.arange(1, len(curve) + 1))
        trained.append(ended / len(curve))
        values.append(curve[ended - 1])
    seconds = np.array([job["seconds"] for job in jobs])
    paid = (setup + seconds * trained).sum()
    return {
        "stopped": stopped,
        "rounds": round(100 * (1 - np.array(trained)).sum()),
        "saved": 1 - paid / (setup + seconds).sum(),
        "auc": max(job["auc"][-1] for job in jobs) - max(values),
    }
