"""Each month is divided for itself."""

# trips: fair
# says: Are they added up first


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    paid, late = {}, 0.0
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        own = {}
        for group in each["Groups"]:
            own[group["Keys"][0].partition("$")[2]] = float(group["Metrics"]["UnblendedCost"]["Amount"])
        shared = own.pop("", 0.0) + late
        total = sum(own.values())
        late = 0.0 if total else shared
        for team, cost in own.items():
            paid[team] = paid.get(team, 0.0) + cost + (shared * cost / total if total else 0.0)
    return paid
