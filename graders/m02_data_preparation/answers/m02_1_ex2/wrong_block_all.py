"""Nothing that is missing values can be trusted."""

# trips: guard
# says: The clean day was stopped


def accept(day):
    return not day.isna().any().any()
