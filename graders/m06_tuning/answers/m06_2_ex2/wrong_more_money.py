"""With more money there are more jobs and longer ones."""

# trips: legal
# says: not yours to change


def changed(search, strategy):
    return search | {"paid_minutes": 10 * search["paid_minutes"]}
