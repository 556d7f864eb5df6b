"""The key of a group is the team."""

# trips: teams
# says: expected the name of the team alone


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0]
            own[team] = own.get(team, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    shared = own.pop("team$", 0.0)
    total = sum(own.values())
    return {team: cost + shared * cost / total for team, cost in own.items() if total}
