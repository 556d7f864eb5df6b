def react(error):
    code, original = error["code"], error["original_status"]
    if code == "ModelError":
        kind = "ours" if original in range(400, 500) else "program"
    elif code == "ValidationError":
        kind = "gone" if "not found." in error["message"] else "ours"
    else:
        kind = "denied" if code.startswith("AccessDenied") else "passing"
    if kind == "ours":
        return {"do": "fix", "wait_ms": 0, "page": False}
    if kind in ("gone", "denied") or (kind == "program" and error["attempt"] > 1):
        return {"do": "fall back", "wait_ms": 0, "page": True}
    wait = [100, 200, 400, 800][error["attempt"] - 1]
    if error["left_ms"] - wait >= 200:
        return {"do": "retry", "wait_ms": wait, "page": False}
    return {"do": "fall back", "wait_ms": 0, "page": False}
