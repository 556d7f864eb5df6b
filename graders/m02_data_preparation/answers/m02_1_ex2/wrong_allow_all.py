"""The data has always been fine."""

# trips: guard
# says: returned True for a day with a wind of hundreds of miles


def accept(day):
    return True
