"""The strategy is a field of the request: set it."""

# trips: legal
# says: other fields than before


def changed(search, strategy):
    return search | {"strategy": strategy}
