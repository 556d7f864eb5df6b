"""A client error is for the client to mend."""

# trips: do
# says: can the caller mend it by another request


def react(error):
    code, original, attempt = error["code"], error["original_status"], error["attempt"]
    gone = code == "ValidationError" and error["message"].endswith("not found.")
    program = code == "ModelError" and not 400 <= original < 500
    if code in ("ModelError", "ValidationError", "AccessDeniedException") and not gone and not program:
        return {"do": "fix", "wait_ms": 0, "page": False}
    page = gone or (program and attempt > 1)
    wait = 100 * 2 ** (attempt - 1)
    if page or wait + 200 > error["left_ms"]:
        return {"do": "fall back", "wait_ms": 0, "page": page}
    return {"do": "retry", "wait_ms": wait, "page": False}
