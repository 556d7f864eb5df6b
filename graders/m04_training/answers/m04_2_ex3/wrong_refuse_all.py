"""Better safe than sorry."""

# trips: guard
# says: It refuses whatever it is asked about


def preflight(request, heads):
    return ["ask somebody first"]
