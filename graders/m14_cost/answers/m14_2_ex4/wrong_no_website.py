"""The website must not be touched."""

# trips: best
# says: Another plan costs


def plan(facts: dict) -> dict:
    years = [company.next_year(facts, growth, 0) for growth in (1.0, 1.05, 1.1)]
    planned = {}
    for workload, options in company.options(facts).items():
        if workload == "website":
            planned[workload] = company.today(facts)[workload]
            continue
        costs = []
        for option in options:
            tried = [company.replay(year, {workload: option}).loc[workload] for year in years]
            if all(each.kept for each in tried):
                costs.append((tried[0].dollars, len(costs), option))
        planned[workload] = min(costs)[-1]
    eligible = company.replay(years[0], planned).attrs["planned"]
    discount = company.DISCOUNT
    planned["commitment"] = float(sorted(eligible)[int(len(eligible) * discount)]) * (1 - discount)
    return planned
