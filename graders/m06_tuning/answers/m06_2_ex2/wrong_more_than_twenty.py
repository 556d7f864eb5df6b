"""A job is long when it takes more than twenty minutes."""

# trips: legal
# says: take more than the 800 minutes


def changed(search, strategy):
    jobs, parallel, combinations, minutes = (search[name] for name in ("jobs", "parallel", "combinations", "minutes"))
    grid = search["numeric"] == 0 and jobs >= combinations
    hyperband = search["reports"] >= 10 and minutes >= 20
    learns = jobs >= 5 * parallel
    payable = search["paid_minutes"] // minutes
    if strategy == "Grid":
        if search["numeric"]:
            return {**search, "numeric": 0}
        return {**search, "combinations": jobs}
    if strategy == "Hyperband":
        if grid:
            return {**search, "numeric": 1}
        return {**search, "reports": 10} if search["reports"] < 10 else {**search, "minutes": 21}
    if grid and strategy == "Random" and learns:
        return {**search, "jobs": max(2, parallel, min(combinations, 5 * parallel) - 1)}
    if grid:
        return {**search, "numeric": 1}
    if hyperband:
        return {**search, "reports": 1}
    if strategy == "Bayesian":
        if jobs >= 5:
            return {**search, "parallel": jobs // 5}
        return {**search, "jobs": min(payable, 5 * parallel)}
    more = jobs // 5 + 1
    if learns and more <= min(10, jobs):
        return {**search, "parallel": more}
    return {**search, "jobs": max(2, parallel, 5 * parallel - 1)} if search["numeric"] else {**search, "jobs": max(2, parallel)}
