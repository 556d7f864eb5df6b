"""Rounds are what one pays for."""

# trips: saved
# says: is nothing else paid for


def early_stopping(jobs: list[dict], setup: float) -> dict:
    completed, stopped, values = [], [], []
    saved_rounds = saved_seconds = 0
    for place, job in enumerate(jobs):
        curve, end = job["auc"], len(job["auc"])
        if len(completed) >= 3:
            for report in range(1, len(curve)):
                if curve[report - 1] < median(fmean(other[:report]) for other in completed):
                    end = report
                    break
        if end < len(curve):
            stopped.append(place)
        else:
            completed.append(curve)
        values.append(curve[end - 1])
        saved_rounds += 5 * (len(curve) - end)
        saved_seconds += 5 * (len(curve) - end)
    bill = 100 * len(jobs)
    lost = max(job["auc"][-1] for job in jobs) - max(values)
    return {"stopped": stopped, "rounds": saved_rounds, "saved": saved_seconds / bill, "auc": lost}
