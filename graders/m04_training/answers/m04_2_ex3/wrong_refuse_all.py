"""Better safe than sorry."""

# trips: guard
# says: do gaps, another objective


def preflight(request, heads):
    return ["ask somebody first"]
