"""What has no tag is a team without a name."""

# trips: teams
# says: has a team without a name


def by_team(start: str, end: str) -> dict:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": "team"}]
    asked = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    own = {}
    for each in ce.get_cost_and_usage(**asked, GroupBy=by)["ResultsByTime"]:
        for group in each["Groups"]:
            team = group["Keys"][0].partition("$")[2]
            own[team] = own.get(team, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    return own
