"""Try again; it often helps."""

# trips: do
# says: Every miss was answered with 'retry'


def react(error):
    return {"do": "retry", "wait_ms": 100 * 2 ** (error["attempt"] - 1), "page": False}
