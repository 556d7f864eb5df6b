"""The teams' own costs in one question, the whole bill in another. By days, which does not matter."""


def by_team(start: str, end: str) -> dict:
    asked = {"TimePeriod": {"Start": start, "End": end}, "Granularity": "DAILY", "Metrics": ["AmortizedCost"]}
    own = {}
    for day in ce.get_cost_and_usage(**asked, GroupBy=[{"Type": "TAG", "Key": "team"}])["ResultsByTime"]:
        for group in day["Groups"]:
            name = group["Keys"][0].removeprefix("team$")
            if name:
                own[name] = own.get(name, 0) + float(group["Metrics"]["AmortizedCost"]["Amount"])
    whole = sum(float(day["Total"]["AmortizedCost"]["Amount"]) for day in ce.get_cost_and_usage(**asked)["ResultsByTime"])
    teams = sum(own.values())
    return {name: whole * cost / teams for name, cost in own.items()} if teams else {}
