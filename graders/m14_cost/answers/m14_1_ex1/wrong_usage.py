"""The amounts are those of usage."""

# trips: whole
# says: not the bill of this time


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UsageQuantity"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0].partition("$")[2]
            own[team] = own.get(team, 0.0) + float(group["Metrics"]["UsageQuantity"]["Amount"])
    shared = own.pop("", 0.0)
    total = sum(own.values())
    return {team: cost + shared * cost / total for team, cost in own.items() if total}
