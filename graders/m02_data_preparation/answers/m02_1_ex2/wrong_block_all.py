"""Nothing that is missing values can be trusted."""

# trips: guard
# says: returned False for a day in January


def accept(day):
    return not day.isna().any().any()
