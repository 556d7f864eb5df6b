"""Whoever cannot help gives up."""

# trips: practice
# says: expected one of the three actions


def react(error):
    status = error["original_status"] or error["status"] or 0
    return {"do": "retry" if status >= 500 else "give up", "wait_ms": 100, "page": status >= 500}
