"""The strategy is a field of the request: set it."""

# trips: legal
# says: These fields were not there before


def changed(search, strategy):
    return search | {"strategy": strategy}
