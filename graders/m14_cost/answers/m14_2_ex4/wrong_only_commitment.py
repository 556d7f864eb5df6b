"""A Savings Plan saves."""

# trips: half
# says: of its bill


def plan(facts: dict) -> dict:
    planned = company.today(facts)
    eligible = company.replay(facts, planned).attrs["planned"]
    planned["commitment"] = float(sorted(eligible)[int(len(eligible) * 0.3)]) * 0.7
    return planned
