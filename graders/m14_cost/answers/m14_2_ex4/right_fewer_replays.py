"""Options by their price, the first that is kept in all years; the commitment by trial."""


def plan(facts: dict) -> dict:
    years = [company.next_year(facts, growth, seed) for growth, seed in ((1.0, 0), (1.05, 0), (1.1, 0))]
    planned = {}
    for workload, options in company.options(facts).items():
        prices = [company.replay(facts, {workload: option}).dollars[workload] for option in options]
        for number in sorted(range(len(options)), key=prices.__getitem__):
            tried = [company.replay(year, {workload: options[number]}).kept[workload] for year in years]
            if all(tried):
                planned[workload] = options[number]
                break
    year = company.replay(years[1], planned)
    tried = [each / 100 for each in range(0, 2000)]
    planned["commitment"] = min(tried, key=lambda each: company.dollars(year, each))
    return planned
