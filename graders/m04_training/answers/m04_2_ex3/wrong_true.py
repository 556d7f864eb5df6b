"""A check says yes or no."""

# trips: shape
# says: expected a list


def preflight(request, heads):
    return [True]
