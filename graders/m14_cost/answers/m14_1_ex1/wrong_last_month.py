"""Each month's costs replace those of the month before."""

# trips: whole
# says: Is each line of the bill counted once


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0].partition("$")[2]
            own[team] = float(group["Metrics"]["UnblendedCost"]["Amount"])
    shared = own.pop("", 0.0)
    total = sum(own.values())
    return {team: cost + shared * cost / total for team, cost in own.items() if total}
