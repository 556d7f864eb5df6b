def react(error):
    wait, page = 100 << (error["attempt"] - 1), False
    match error:
        case {"code": "ModelError", "original_status": int(status)} if status // 100 == 4:
            return dict(do="fix", wait_ms=0, page=False)
        case {"code": "ModelError", "attempt": attempt}:
            page = attempt >= 2
        case {"code": "AccessDeniedException"}:
            page = True
        case {"code": "ValidationError", "message": message}:
            if not message.endswith("not found."):
                return dict(do="fix", wait_ms=0, page=False)
            page = True
    if page or error["left_ms"] < wait + 200:
        return dict(do="fall back", wait_ms=0, page=page)
    return dict(do="retry", wait_ms=wait, page=page)
