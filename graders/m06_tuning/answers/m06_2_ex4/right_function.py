def end_of(curve, completed):
    """The report after which a job ends."""
    if len(completed) < 3:
        return len(curve)
    for report in range(1, len(curve)):
        limits = sorted(sum(other[:report]) / report for other in completed)
        middle = (limits[(len(limits) - 1) // 2] + limits[len(limits) // 2]) / 2
        if curve[report - 1] < middle:
            return report
    return len(curve)


def early_stopping(jobs, setup):
    completed, ends = [], []
    for job in jobs:
        ends.append(end_of(job["auc"], completed))
        if ends[-1] == len(job["auc"]):
            completed.append(job["auc"])
    left = [len(job["auc"]) - end for job, end in zip(jobs, ends, strict=True)]
    whole = sum(job["seconds"] + setup for job in jobs)
    unpaid = sum(job["seconds"] * reports / len(job["auc"]) for job, reports in zip(jobs, left, strict=True))
    with_rule = max(job["auc"][end - 1] for job, end in zip(jobs, ends, strict=True))
    without = max(job["auc"][-1] for job in jobs)
    return {
        "stopped": [place for place, reports in enumerate(left) if reports],
        "rounds": 5 * sum(left),
        "saved": unpaid / whole,
        "auc": without - with_rule,
    }
