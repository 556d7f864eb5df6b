"""Amounts are texts."""

# trips: teams
# says: expected a number (float)


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0].partition("$")[2]
            own[team] = own.get(team, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    shared = own.pop("", 0.0)
    total = sum(own.values())
    return {team: f"{cost + shared * cost / total:.2f}" for team, cost in own.items() if total}
