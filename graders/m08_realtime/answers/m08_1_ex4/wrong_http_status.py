"""The status tells whose fault it is: 4xx the caller, 5xx the server."""

# trips: do
# says: which field tells more than


def react(error):
    wait = 100 * 2 ** (error["attempt"] - 1)
    if error["status"] is not None and 400 <= error["status"] < 500:
        return {"do": "fix", "wait_ms": 0, "page": False}
    if wait + 200 > error["left_ms"]:
        return {"do": "fall back", "wait_ms": 0, "page": False}
    return {"do": "retry", "wait_ms": wait, "page": False}
