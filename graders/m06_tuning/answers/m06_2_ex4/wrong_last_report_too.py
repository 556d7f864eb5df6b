"""Every report is judged."""

# trips: practice
# says: at which reports is a job judged


def early_stopping(jobs: list[dict], setup: float) -> dict:
    completed, stopped, values = [], [], []
    saved_rounds = saved_seconds = 0
    for place, job in enumerate(jobs):
        curve, end = job["auc"], len(job["auc"])
        if len(completed) >= 3:
            for report in range(1, len(curve) + 1):
                if curve[report - 1] < median(fmean(other[:report]) for other in completed):
                    end = report
                    stopped.append(place)
                    break
        if place not in stopped:
            completed.append(curve)
        values.append(curve[end - 1])
        saved_rounds += 5 * (len(curve) - end)
        saved_seconds += job["seconds"] * (1 - end / len(curve))
    bill = sum(setup + job["seconds"] for job in jobs)
    lost = max(job["auc"][-1] for job in jobs) - max(values)
    return {"stopped": stopped, "rounds": saved_rounds, "saved": saved_seconds / bill, "auc": lost}
