"""The data has always been fine."""

# trips: guard
# says: let in as well: a wind of a thousand miles


def accept(day):
    return True
