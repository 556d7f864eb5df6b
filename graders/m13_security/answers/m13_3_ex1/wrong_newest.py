"""The newest DeleteModel is the deletion."""

# trips: refused
# says: errorCode


def deleted_by(model: str) -> dict:
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = found[0]
    identity = deletion["userIdentity"]
    role = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    while identity["type"] == "AssumedRole":
        opened = [each for each in records("ResourceName", identity["accessKeyId"]) if each["eventName"] == "AssumeRole"]
        identity = opened[0]["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
