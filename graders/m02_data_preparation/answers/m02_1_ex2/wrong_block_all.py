"""Nothing that is missing values can be trusted."""

# trips: guard
# says: returned False for a clean day


def accept(day):
    return not day.isna().any().any()
