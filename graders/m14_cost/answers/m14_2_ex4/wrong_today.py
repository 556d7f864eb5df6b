"""It is well as it is."""

# trips: half
# says: pays 100%


def plan(facts: dict) -> dict:
    return company.today(facts)
