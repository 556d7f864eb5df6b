"""A logarithmic scale is all it takes."""

# trips: narrowed
# says: What have the good trials in common


def next_ranges(first, trials):
    return [one | {"ScalingType": "Logarithmic"} for one in first]
