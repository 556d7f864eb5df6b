"""Nothing is promised."""

# trips: best
# says: Another plan costs


def plan(facts: dict) -> dict:
    years = [company.next_year(facts, growth, 0) for growth in (1.0, 1.05, 1.1)]
    planned = {}
    for workload, options in company.options(facts).items():
        costs = []
        for option in options:
            tried = [company.replay(year, {workload: option}).loc[workload] for year in years]
            if all(each.kept for each in tried):
                costs.append((tried[0].dollars, len(costs), option))
        planned[workload] = min(costs)[-1]
    planned["commitment"] = 0.0
    return planned
