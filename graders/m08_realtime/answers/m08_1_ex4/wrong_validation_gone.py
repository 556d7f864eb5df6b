"""A validation error means that the endpoint is gone."""

# trips: do
# says: is the endpoint gone, or is it the request


def react(error):
    code, original, attempt = error["code"], error["original_status"], error["attempt"]
    gone = code == "ValidationError"
    program = code == "ModelError" and not 400 <= original < 500
    if code in ("ModelError", "ValidationError") and not gone and not program:
        return {"do": "fix", "wait_ms": 0, "page": False}
    page = gone or code == "AccessDeniedException" or (program and attempt > 1)
    wait = 100 * 2 ** (attempt - 1)
    if page or wait + 200 > error["left_ms"]:
        return {"do": "fall back", "wait_ms": 0, "page": page}
    return {"do": "retry", "wait_ms": wait, "page": False}
