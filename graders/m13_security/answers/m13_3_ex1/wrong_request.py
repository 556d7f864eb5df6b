"""The event is the request."""

# trips: user
# says: expected the eventID of a deletion


def deleted_by(model: str) -> dict:
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if not each.get("errorCode"))
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    while identity["type"] == "AssumedRole":
        opened = [each for each in records("ResourceName", identity["accessKeyId"]) if each["eventName"] == "AssumeRole"]
        identity = opened[0]["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["requestID"]}
